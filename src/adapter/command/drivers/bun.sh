# Starts the project's Bun, or the one that is on the way.
if [ -x node_modules/.bin/bun ]; then
  exec node_modules/.bin/bun "$@"
fi
exec bun "$@"
