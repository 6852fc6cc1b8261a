local wanted = obj.spec.desiredState
local actions = {}
if wanted ~= "Running" then
  actions["start"] = {displayName = "Start", iconClass = "fa fa-fw fa-play"}
end
-- The database would stop writing where `binding` is Mandatory, and between two data backups there is
-- nothing to hold: the definition refuses both.
if wanted == "Running" and obj.spec.binding ~= "Mandatory" and obj.spec.mode ~= "AroundDataBackup" then
  actions["pause"] = {displayName = "Pause", iconClass = "fa fa-fw fa-pause"}
end
if wanted ~= "Stopped" then
  actions["stop"] = {displayName = "Stop", iconClass = "fa fa-fw fa-stop"}
end
return actions
