local ended = obj.status ~= nil and obj.status.outcome ~= nil
if ended or obj.spec.cancel or obj.spec.externalJob ~= nil then
  return {}
end
return {["cancel"] = {displayName = "Cancel", iconClass = "fa fa-fw fa-ban"}}
