-- Creates a task for all tenants of the strategy, as a user would create it by hand. The task has no owner,
-- so that neither the operator nor Kubernetes deletes it. The minute in its name prevents a second backup
-- after a double click: the API server rejects the second task.
local os = require("os")

local task = {
  apiVersion = obj.apiVersion,
  kind = "BackupTask",
  metadata = {
    name = obj.metadata.name .. "-now-full-" .. os.date("!%Y%m%d%H%M"),
    namespace = obj.metadata.namespace,
  },
  spec = {
    strategyRef = {name = obj.metadata.name},
    scope = "AllTenants",
    type = "Full",
  },
}
return {{operation = "create", resource = task}}
