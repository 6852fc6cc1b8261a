-- A task for all tenants of the strategy, as somebody would make it by hand. It has no owner: it is nobody's
-- to delete but theirs who asked for it. The minute in its name lets a second click be refused.
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
    scope = "Strategy",
    type = "Full",
  },
}
return {{operation = "create", resource = task}}
