# Lists the examples of a project with RSpec, or runs those that are asked for in the order in which they are asked for, and
# tells how each ended as it ends. A group that the order visits twice has its context hooks run twice.
require 'json'

module SteadfastDriver
  RESULTS = File.open(ENV.fetch('STEADFAST_RESULTS'), 'a')
  RESULTS.sync = true
  ORDER = ENV['STEADFAST_ORDER']

  def self.tell(fields)
    RESULTS.write(JSON.generate(fields, script_safe: true) + "\n")
  end

  # Plays what is asked for in the segment under way, whatever order groups have of their own.
  class Asked
    class << self
      attr_accessor :places

      def order(items)
        items.sort_by { |item| place(item) }
      end

      def place(item)
        return places.fetch(item, Float::INFINITY) unless item.is_a?(Class)

        item.descendant_filtered_examples.map { |example| places.fetch(example, Float::INFINITY) }.min || Float::INFINITY
      end
    end
  end

  # Tells the end of an example when its hooks have run.
  class Listener
    def example_started(notification)
      SteadfastDriver.tell(id: notification.example.id, outcome: 'started')
    end

    def example_passed(notification)
      ended(notification, 'passed')
    end

    def example_failed(notification)
      error = notification.example.execution_result.exception
      list = error.respond_to?(:all_exceptions) ? error.all_exceptions : [error]
      details = list.map { |one| [one.message, *one.backtrace].join("\n") }.join("\n\n")
      kind = list.all? { |one| one.is_a?(RSpec::Expectations::ExpectationNotMetError) } ? 'failed' : 'errored'
      ended(notification, kind, list.first.message, details)
    rescue NameError
      ended(notification, 'failed', error.message, error.backtrace.to_a.join("\n"))
    end

    def example_pending(notification)
      ended(notification, 'skipped', notification.example.execution_result.pending_message.to_s)
    end

    def message(notification)
      text = notification.message.to_s
      SteadfastDriver.tell(note: text.strip) if text.include?('error occurred in an `after(:context)`')
    end

    def ended(notification, outcome, message = '', details = '')
      result = notification.example.execution_result
      # An expected failure that came is told as pending; RSpec counts it as good.
      outcome = 'passed' if outcome == 'skipped' && result.pending_exception
      text = ->(value) { value.to_s.dup.force_encoding('UTF-8').scrub }
      SteadfastDriver.tell(id: notification.example.id, outcome: outcome, seconds: result.run_time,
                           message: text.(message).strip, details: text.(details))
    end
  end

  module Runner
    def run_specs(groups)
      all = groups.flat_map(&:descendants).flat_map(&:filtered_examples)
      SteadfastDriver::ORDER ? SteadfastDriver.play(all, @configuration, @world) : SteadfastDriver.list(all)
    end
  end

  def self.list(all)
    # As they are defined: a group's own examples, then the groups within, as RSpec runs them.
    all.each do |example|
      tell(id: example.id, file: example.file_path, line: example.metadata[:line_number], name: example.full_description)
    end
    0
  end

  def self.play(all, configuration, world)
    by_id = all.to_h { |example| [example.id, example] }
    wanted = File.readlines(ORDER, chomp: true).reject(&:empty?).map { |line| JSON.parse(line) }
    examples = wanted.map { |id| by_id[id] }.compact
    listener = Listener.new
    configuration.reporter.register_listener(listener, :example_started, :example_passed, :example_failed, :example_pending, :message)
    RSpec::Core::ExampleGroup.define_singleton_method(:ordering_strategy) { Asked }
    passed = configuration.reporter.report(examples.size) do |reporter|
      configuration.with_suite_hooks do
        segments(examples).map { |segment| run_segment(segment, world, reporter) }.all?
      end
    end
    passed ? 0 : configuration.failure_exit_code
  end

  def self.run_segment(segment, world, reporter)
    top = segment.first.example_group.parent_groups.last
    top.descendants.each do |group|
      world.filtered_examples[group] = segment.select { |example| example.example_group.equal?(group) }
      group.remove_instance_variable(:@descendant_filtered_examples) if group.instance_variable_defined?(:@descendant_filtered_examples)
    end
    Asked.places = segment.each_with_index.to_h
    top.run(reporter)
  end

  # Cuts an order where a group's run can't go on in it: RSpec runs the examples of a group, then the groups within.
  def self.segments(examples)
    found = []
    chain = []
    visited = {}
    examples.each do |example|
      here = example.example_group.parent_groups.reverse
      common = 0
      common += 1 while common < chain.size && common < here.size && chain[common].equal?(here[common])
      goes_on = common.positive? && (common == chain.size || common < here.size) && here[common..].none? { |group| visited[group] }
      if goes_on
        found.last << example
      else
        found << [example]
        visited = {}
      end
      here.each { |group| visited[group] = true }
      chain = here
    end
    found
  end
end

RSpec::Core::Runner.prepend(SteadfastDriver::Runner)
