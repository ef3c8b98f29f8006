#!/bin/bash
# Runs the tests in other orders as an array of SHARDS tasks, and then merges them. Written by `steadfast init`.
#   array=$(sbatch --parsable steadfast.sbatch)
#   sbatch --dependency=afterany:$array --wrap "steadfast merge shards/$array --missing run"
#SBATCH --job-name=steadfast
#SBATCH --array=1-SHARDS
#SBATCH --time=02:30:00
#SBATCH --cpus-per-task=2
set -euo pipefail
# The seed comes from the array's id, and a task that is requeued gets the same rounds. A folder for each: tasks that share
# a file system must not take each other for runs that were killed.
exec steadfast run --rounds "${ROUNDS:-300}" --shard "$SLURM_ARRAY_TASK_ID/SHARDS" \
  --report-dir "shards/$SLURM_ARRAY_JOB_ID/$SLURM_ARRAY_TASK_ID"
