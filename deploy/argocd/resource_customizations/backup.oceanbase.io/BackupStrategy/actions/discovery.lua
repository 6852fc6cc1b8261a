local actions = {
  ["back-up-now-full"] = {displayName = "Back up now (full)", iconClass = "fa fa-fw fa-database"},
  ["back-up-now-incremental"] = {displayName = "Back up now (incremental)", iconClass = "fa fa-fw fa-plus"},
}
if obj.spec.suspend then
  actions["resume"] = {displayName = "Start scheduling", iconClass = "fa fa-fw fa-play"}
else
  actions["suspend"] = {displayName = "Pause scheduling", iconClass = "fa fa-fw fa-pause"}
end
return actions
