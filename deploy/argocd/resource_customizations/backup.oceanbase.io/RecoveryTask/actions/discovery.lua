-- There is no action that recovers: what is restored, and where to, is written down first.
local ended = obj.status ~= nil and obj.status.outcome ~= nil
if ended or obj.spec.cancel then
  return {}
end
return {["cancel"] = {displayName = "Cancel", iconClass = "fa fa-fw fa-ban"}}
