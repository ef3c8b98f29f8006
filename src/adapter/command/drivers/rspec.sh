# Starts RSpec as the project does: through Bundler where its Gemfile names RSpec.
if [ -f Gemfile ] && grep -q rspec Gemfile && command -v bundle >/dev/null; then
  exec bundle exec rspec "$@"
fi
exec rspec "$@"
