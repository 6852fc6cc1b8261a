-- Creates a new task with the same spec but without its times: a task for a past slot would be Overdue.
local os = require("os")

local left_out = {cancel = true, scheduledTime = true, notBeforeTime = true, ttlSecondsAfterFinished = true}
local spec = {}
for name, value in pairs(obj.spec) do
  if not left_out[name] then
    spec[name] = value
  end
end

local task = {
  apiVersion = obj.apiVersion,
  kind = obj.kind,
  metadata = {
    name = obj.metadata.name .. "-again-" .. os.date("!%Y%m%d%H%M"),
    namespace = obj.metadata.namespace,
  },
  spec = spec,
}
return {{operation = "create", resource = task}}
