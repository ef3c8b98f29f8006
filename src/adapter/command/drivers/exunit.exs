# Lists the tests of a Mix project, or runs those that are asked for in the order in which they are asked for, in one virtual
# machine, and tells how each ended as it ends.
#     mix run --no-start exunit.exs RESULTS [--order FILE] -- [FILES OF TESTS]
# Tests of one module run as they stand in it; where an order has them otherwise, the module is visited again.
Code.require_file("exunit-formatter.exs", __DIR__)
[results | rest] = System.argv()
System.put_env("STEADFAST_RESULTS", results)
{order, rest} = case rest do
  ["--order", file | rest] -> {file, rest}
  rest -> {nil, rest}
end
given = rest |> Enum.drop_while(&(&1 != "--")) |> Enum.drop(1) |> Enum.reject(&String.starts_with?(&1, "-"))

{:ok, _} = Application.ensure_all_started(:ex_unit)
Application.put_env(:ex_unit, :autorun, false)
helper = "test/test_helper.exs"
if File.exists?(helper), do: Code.require_file(helper)
patterns = if given == [], do: ["test"], else: given
files = Enum.flat_map(patterns, fn path -> if File.dir?(path), do: Enum.sort(Path.wildcard(path <> "/**/*_test.exs")), else: [path] end)
root = File.cwd!()
loaded = for file <- files, {module, _} <- Code.require_file(file), function_exported?(module, :__ex_unit__, 0), do: module
tests = for module <- loaded, test <- Enum.reverse(module.__ex_unit__().tests), do: %{test | module: module}

if order == nil do
  for test <- tests do
    Steadfast.Formatter.tell(id: Steadfast.Formatter.id(test), name: Atom.to_string(test.name), module: inspect(test.module),
      file: Path.relative_to(test.tags.file, root), line: test.tags.line)
  end
else
  ExUnit.configure(formatters: [Steadfast.Formatter], seed: 0, max_cases: 1, max_failures: :infinity, autorun: false)
  known = tests |> Enum.with_index() |> Map.new(fn {test, at} -> {Steadfast.Formatter.id(test), {test, at}} end)
  # What the files enlisted is not run as it stands: each visit of a module asks for it.
  before = ExUnit.configuration()
  ExUnit.configure(formatters: [], exclude: [:test], include: [])
  ExUnit.run()
  excluded = Keyword.get(before, :exclude, [])
  included = Keyword.get(before, :include, [])

  asked =
    for line <- File.stream!(order), line = String.trim_trailing(line, "\n"), line != "" do
      known[Steadfast.Json.read(line)]
    end

  visits =
    asked
    |> Enum.reject(&is_nil/1)
    |> Enum.chunk_while([], fn
      {test, at}, [] -> {:cont, [{test, at}]}
      {test, at}, [{last, before} | _] = visit ->
        if last.module == test.module and before < at, do: {:cont, [{test, at} | visit]}, else: {:cont, Enum.reverse(visit), [{test, at}]}
    end, fn
      [] -> {:cont, []}
      visit -> {:cont, Enum.reverse(visit), []}
    end)

  # What the project leaves out by its tags is told as skipped, not run.
  left_out = fn test -> match?({:excluded, _}, ExUnit.Filters.eval(included, excluded, test.tags, tests)) end

  failures =
    for [{first, _} | _] = visit <- visits, reduce: 0 do
      failures ->
        {out, in_} = visit |> Enum.map(&elem(&1, 0)) |> Enum.split_with(left_out)
        for test <- out, do: Steadfast.Formatter.tell(id: Steadfast.Formatter.id(test), outcome: "skipped", message: "the project's configuration leaves it out")

        if in_ == [] do
          failures
        else
          ExUnit.configure(formatters: [Steadfast.Formatter], exclude: [:test], include: Enum.map(in_, &{:test, &1.name}))
          failures + ExUnit.run([first.module]).failures
        end
    end

  if failures > 0, do: System.halt(2)
end
