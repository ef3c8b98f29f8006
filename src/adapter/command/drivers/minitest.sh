# Starts Ruby as the project does: through Bundler where there is a Gemfile.
if [ -f Gemfile ] && command -v bundle >/dev/null; then
  exec bundle exec ruby "$@"
fi
exec ruby "$@"
