-- No action starts a recovery: a user must write the source and the target into a manifest first.
local ended = obj.status ~= nil and obj.status.outcome ~= nil
if ended or obj.spec.cancel then
  return {}
end
return {["cancel"] = {displayName = "Cancel", iconClass = "fa fa-fw fa-ban"}}
