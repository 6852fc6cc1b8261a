local wanted = obj.spec.state
local actions = {}
if wanted ~= "Running" then
  actions["start"] = {displayName = "Start", iconClass = "fa fa-fw fa-play"}
end
-- The definition rejects a pause in two cases. With `binding` Mandatory, the database would stop writing.
-- With mode AroundDataBackup, no archive round runs between two data backups.
if wanted == "Running" and obj.spec.binding ~= "Mandatory" and obj.spec.mode ~= "AroundDataBackup" then
  actions["pause"] = {displayName = "Pause", iconClass = "fa fa-fw fa-pause"}
end
if wanted ~= "Stopped" then
  actions["stop"] = {displayName = "Stop", iconClass = "fa fa-fw fa-stop"}
end
return actions
