# Lists the tests of a project with Minitest, or runs those that are asked for in the order in which they are asked for, in one
# process, and tells how each ended as it ends.
#     minitest.rb RESULTS [--order FILE] -- [FILES OF TESTS]
require 'json'

results = File.open(ARGV.shift, 'a')
results.sync = true
order = ARGV.first == '--order' ? ARGV.shift(2).last : nil
ARGV.shift
files = ARGV.dup
ARGV.clear
tell = ->(fields) { results.write(JSON.generate(fields, script_safe: true) + "\n") }

%w[test lib].each { |folder| $LOAD_PATH.unshift(File.expand_path(folder)) if File.directory?(folder) }
require 'minitest'
# Tests are run from here, not when the process ends.
def Minitest.autorun; end

if files.empty?
  files = Dir['test/**/{*_test,test_*,*_spec,spec_*}.rb']
  files = Dir['spec/**/*_spec.rb'] if files.empty?
  files = files.uniq.sort.grep_v(/(test|spec)_helper\.rb\z/)
end
files.each { |file| require File.expand_path(file) }
# Started by Rails, Minitest's plugins decide about backtraces; their reporters are not needed.
root = Dir.pwd
classes = Minitest::Runnable.runnables.reject { |kind| kind.name.nil? && kind.to_s.start_with?('#<') }
cases = classes.sort_by(&:to_s).flat_map do |kind|
  kind.methods_matching(/^test_/).sort.map { |name| ["#{kind}##{name}", kind, name] }
end

if order.nil?
  cases.each do |id, kind, name|
    file, line = kind.instance_method(name).source_location
    file = file.to_s.delete_prefix("#{root}/")
    tell.(id: id, file: file, line: line || 1, module: kind.to_s)
  end
  exit 0
end

by_id = cases.to_h { |id, kind, name| [id, [kind, name]] }
wanted = File.readlines(order, chomp: true).reject(&:empty?).map { |line| JSON.parse(line) }
text = ->(value) { value.to_s.dup.force_encoding('UTF-8').scrub }
srand(42)
failed = false
wanted.each do |id|
  kind, name = by_id[id]
  next unless kind

  tell.(id: id, outcome: 'started')
  result = Minitest.respond_to?(:run_one_method) ? Minitest.run_one_method(kind, name) : kind.new(name).run
  first = result.failures.first
  outcome = result.skipped? ? 'skipped' : result.error? ? 'errored' : result.passed? ? 'passed' : 'failed'
  failed ||= %w[errored failed].include?(outcome)
  message = first.is_a?(Minitest::UnexpectedError) ? "#{first.error.class}: #{first.error.message}" : first&.message
  details = result.failures.map { |one| [one.message, *one.backtrace].join("\n") }.join("\n\n")
  tell.(id: id, outcome: outcome, message: text.(message), details: text.(details), seconds: result.time)
end
if Minitest.class_variable_defined?(:@@after_run)
  Minitest.class_variable_get(:@@after_run).reverse_each(&:call)
end
exit failed ? 1 : 0
