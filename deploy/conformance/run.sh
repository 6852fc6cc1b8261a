#!/usr/bin/env bash
# Runs the conformance suite against a public OceanBase image in containers of its own.
#
#   deploy/conformance/run.sh TAG file|s3 [DIRECTORY]
#
# TAG is a tag of docker.io/oceanbase/oceanbase-ce. `s3` needs V4.2.1.7, V4.2.3, V4.3.0 or later.
# The report and the containers' logs are written to DIRECTORY (default: target/conformance).
# XTASK is the command to run (default: cargo xtask). KEEP=1 leaves the containers running.
# TIMEOUT_MINUTES is how long the suite waits for one state, such as the end of a backup.
# Needs bash, docker with compose, curl 7.88 or later and openssl.
# Exit code: that of the suite, or 2 if the suite could not run.
set -euo pipefail

if [[ $# -lt 2 || $# -gt 3 || ! $2 =~ ^(file|s3)$ ]]; then
  echo "usage: $0 TAG file|s3 [DIRECTORY]" >&2
  exit 2
fi
export OCEANBASE_TAG=$1
storage_kind=$2
here=$(cd "$(dirname "$0")" && pwd)
directory=${3:-"$here/../../target/conformance"}
mkdir -p "$directory"
directory=$(cd "$directory" && pwd)
read -r -a xtask <<< "${XTASK:-cargo xtask}"

tenant=scratch
bucket=ob-backup
sys_password=$(openssl rand -hex 12)
S3_ACCESS_ID=$(openssl rand -hex 8)
S3_ACCESS_KEY=$(openssl rand -hex 16)
export S3_ACCESS_ID S3_ACCESS_KEY

profile=()
if [[ $storage_kind == s3 ]]; then profile=(--profile s3); fi
compose() { docker compose --file "$here/compose.yaml" "${profile[@]}" "$@"; }

# Until the suite begins, every failure means that it could not run.
has_begun=false
finish() {
  local code=$?
  if [[ $has_begun == false ]]; then code=2; fi
  compose logs --no-color > "$directory/compose.log" 2>&1 || true
  rm -f "$directory/account.yaml"
  if [[ ${KEEP:-} != 1 ]]; then compose down --volumes || true; fi
  exit "$code"
}
trap finish EXIT

step() { printf '== %s (%s s)\n' "$1" "$SECONDS" >&2; }

# Runs the statements on standard input as the user $1, without headings.
sql() { compose exec -T oceanbase obclient -h127.0.0.1 -P2881 -A -N -s "-u$1"; }

wait_for_boot() {
  local _
  for _ in {1..90}; do
    if compose logs --no-color oceanbase 2>&1 | grep 'boot success!' > /dev/null; then return; fi
    if [[ -z $(compose ps --status running --quiet oceanbase) ]]; then break; fi
    sleep 10
  done
  echo "OceanBase did not start; see $directory/compose.log" >&2
  return 1
}

step "build the suite"
"${xtask[@]}" conformance --help > /dev/null

step "start OceanBase $OCEANBASE_TAG"
compose up --detach
wait_for_boot

step "make room"
# The image gives its tenant `test` all that is free.
sql root@sys << 'SQL'
DROP TENANT IF EXISTS test FORCE;
ALTER SYSTEM SET __min_full_resource_pool_memory = 1073741824;
SQL
pools=$(sql root@sys <<< 'SELECT NAME FROM oceanbase.DBA_OB_RESOURCE_POOLS WHERE TENANT_ID IS NULL;')
for pool in $pools; do
  sql root@sys <<< "DROP RESOURCE POOL $pool;"
done

step "create the tenant $tenant"
sql root@sys << SQL
CREATE RESOURCE UNIT ${tenant}_unit MAX_CPU = 2, MEMORY_SIZE = '2G', LOG_DISK_SIZE = '3G';
CREATE RESOURCE POOL ${tenant}_pool UNIT = '${tenant}_unit', UNIT_NUM = 1;
CREATE TENANT $tenant RESOURCE_POOL_LIST = ('${tenant}_pool') SET ob_tcp_invited_nodes = '%';
SQL
sql "root@$tenant" << 'SQL'
CREATE DATABASE shop;
CREATE TABLE shop.orders (id INT PRIMARY KEY, note VARCHAR(64));
INSERT INTO shop.orders VALUES (1, 'first'), (2, 'second'), (3, 'third');
SQL
sql root@sys <<< "ALTER USER root IDENTIFIED BY '$sys_password';"

if [[ $storage_kind == s3 ]]; then
  step "create the bucket $bucket"
  curl --silent --show-error --fail --retry 30 --retry-delay 2 --retry-all-errors \
    --config <(printf 'user = "%s:%s"\n' "$S3_ACCESS_ID" "$S3_ACCESS_KEY") \
    --aws-sigv4 aws:amz:us-east-1:s3 --request PUT --header 'Content-Length: 0' \
    "http://127.0.0.1:9000/$bucket"
  storage="s3://$bucket/conformance?host=http://s3.internal:9000"
  storage+="&access_id=$S3_ACCESS_ID&access_key=$S3_ACCESS_KEY&s3_region=us-east-1"
else
  storage="file:///backup/conformance"
fi

account="$directory/account.yaml"
(umask 077 && printf 'user: root@sys\npassword: %s\ntls: Disabled\n' "$sys_password" > "$account")

step "run the suite"
has_begun=true
CONFORMANCE_STORAGE=$storage "${xtask[@]}" conformance --endpoint 127.0.0.1:2881 --account-file "$account" \
  --tenant "$tenant" --allow-recovery --table shop.orders --report "$directory/report.md" \
  --timeout-minutes "${TIMEOUT_MINUTES:-30}"
