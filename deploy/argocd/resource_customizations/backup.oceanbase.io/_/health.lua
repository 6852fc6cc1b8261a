-- All kinds of this group follow kstatus: observedGeneration, Ready, Reconciling, Stalled. Further conditions
-- report what kstatus does not cover. If one of them is False, the health is Degraded, but the object stays
-- Ready: a sync must not fail because of a backup that failed last night.
local status = obj.status
if status == nil or status.observedGeneration == nil or status.observedGeneration ~= obj.metadata.generation then
  return {status = "Progressing", message = "the operator has not reconciled this generation yet"}
end

local known = {}
for _, condition in ipairs(status.conditions or {}) do
  known[condition.type] = condition
end

local function is(kind, value)
  return known[kind] ~= nil and known[kind].status == value
end

-- Prefixes the message with the phase (column STATUS), the reason and, while progressing, the progress.
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

-- A log backup that its spec pauses or stops.
local wanted = obj.spec.state
if wanted ~= nil and wanted ~= "Running" and wanted == status.phase then
  return health("Suspended", "Ready")
end

for _, kind in ipairs({
  "Reachable", "PrivilegesSufficient", "CredentialsApplied", "LimitsApplied", "WithinCapacity", "Archiving",
  "DelayWithinTarget", "BackupHealthy", "LogBackupHealthy", "RetentionApplied", "RestoreVerified"
}) do
  -- With mode AroundDataBackup, no logs are archived between two data backups.
  local between = kind == "Archiving" and obj.spec.mode == "AroundDataBackup" and status.phase == "Stopped"
  if is(kind, "False") and not between then
    -- Applying: the operator is setting new keys or limits of a storage for the tenants.
    return health(known[kind].reason == "Applying" and "Progressing" or "Degraded", kind)
  end
end

if known.Ready.reason == "Suspended" then
  return health("Suspended", "Ready")
end
return health("Healthy", "Ready")
