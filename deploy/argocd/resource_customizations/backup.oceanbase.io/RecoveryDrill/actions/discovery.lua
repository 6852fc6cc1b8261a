local actions = {}
if obj.spec.suspend then
  actions["resume"] = {displayName = "Start verifying", iconClass = "fa fa-fw fa-play"}
else
  actions["suspend"] = {displayName = "Pause verifying", iconClass = "fa fa-fw fa-pause"}
end
return actions
