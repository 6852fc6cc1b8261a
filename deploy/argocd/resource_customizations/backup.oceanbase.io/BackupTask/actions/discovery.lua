-- A task with `externalJob` shows a backup that another tool started. It can be neither canceled nor retried here.
if obj.spec.externalJob ~= nil then
  return {}
end
local outcome = obj.status ~= nil and obj.status.outcome or nil
if outcome == nil then
  if obj.spec.cancel then
    return {}
  end
  return {["cancel"] = {displayName = "Cancel", iconClass = "fa fa-fw fa-ban"}}
end
if outcome == "Completed" then
  return {}
end
return {["retry"] = {displayName = "Back up again", iconClass = "fa fa-fw fa-redo"}}
