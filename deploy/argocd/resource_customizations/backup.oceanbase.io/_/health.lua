-- All kinds of this group are kstatus-shaped: observedGeneration, Ready, Reconciling, Stalled. What kstatus
-- does not know is told by further conditions: one that is False is Degraded here, while the object stays
-- Ready, so that a sync does not fail for what happened last night.
local status = obj.status
if status == nil or status.observedGeneration == nil or status.observedGeneration ~= obj.metadata.generation then
  return {status = "Progressing", message = "the operator has not looked at it yet"}
end

local known = {}
for _, condition in ipairs(status.conditions or {}) do
  known[condition.type] = condition
end

local function is(kind, value)
  return known[kind] ~= nil and known[kind].status == value
end

-- In front of the message stands what the column STATUS shows, and how far it has come.
local function health(word, kind)
  local condition = known[kind] or {reason = "Unknown", message = ""}
  local shown = condition.reason
  if status.phase ~= nil and status.phase ~= condition.reason then
    shown = status.phase .. ", " .. shown
  end
  if word == "Progressing" and status.progress ~= nil then
    shown = shown .. ", " .. status.progress
  end
  return {status = word, message = shown .. ": " .. condition.message}
end

if is("Stalled", "True") then
  return health("Degraded", "Stalled")
end
if is("Reconciling", "True") then
  return health("Progressing", "Reconciling")
end
if not is("Ready", "True") then
  return health("Progressing", "Ready")
end

-- A log backup that is held because its spec says so.
local wanted = obj.spec.desiredState
if wanted ~= nil and wanted ~= "Running" and wanted == status.phase then
  return health("Suspended", "Ready")
end

for _, kind in ipairs({
  "Reachable", "PrivilegesSufficient", "CredentialsApplied", "LimitsApplied", "WithinCapacity", "Archiving",
  "DelayAcceptable", "BackupHealthy", "LogBackupHealthy", "RetentionApplied", "RestoreVerified"
}) do
  -- Logs that are archived around data backups only, and not right now.
  local between = kind == "Archiving" and obj.spec.mode == "AroundDataBackup" and status.phase == "Stopped"
  if is(kind, "False") and not between then
    -- New keys or limits of a store, on their way to the tenants.
    return health(known[kind].reason == "Applying" and "Progressing" or "Degraded", kind)
  end
end

if known.Ready.reason == "Suspended" then
  return health("Suspended", "Ready")
end
return health("Healthy", "Ready")
