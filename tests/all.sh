#!/usr/bin/env bash
# All tests, in two runs side by side: the integration tests wait more than they work. Usage: tests/all.sh PYTHON
# What fails is run once more, alone, for on two cores that others use some tests wait in vain. Both results are shown.
set -u
run=("$1" -m gevent.monkey --module pytest)
readonly FAILED=1  # pytest: some tests failed, and nothing else was wrong

log=$(mktemp)
trap 'rm -f "$log"' EXIT

once_more() {  # NAME CODE FOLDER...: return 0 when all passed now
  local name=$1 code=$2
  shift 2
  if [ "$code" -eq "$FAILED" ]; then
    echo "=== what failed beside the other run, once more, alone ==="
    code=0
    "${run[@]}" -o cache_dir=".pytest_cache/$name" --last-failed "$@" || code=$?
  fi
  return "$code"
}

"${run[@]}" -o cache_dir=.pytest_cache/integration tests/integration >"$log" 2>&1 &
beside=$!
rest=(tests/unit tests/e2e tests/manifests tests/load)
first=0 second=0 code=0
"${run[@]}" -o cache_dir=.pytest_cache/rest "${rest[@]}" || first=$?
wait "$beside" || second=$?
cat "$log"
once_more rest "$first" "${rest[@]}" || code=$?
once_more integration "$second" tests/integration || code=$?
exit "$code"
