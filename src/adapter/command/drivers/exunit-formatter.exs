# Tells how each test of ExUnit ended as it ends, a line of JSON each, into the file that STEADFAST_RESULTS names.
defmodule Steadfast.Json do
  def object(fields), do: "{" <> Enum.map_join(fields, ",", fn {key, value} -> text(key) <> ":" <> value(value) end) <> "}\n"
  defp value(value) when is_number(value), do: to_string(value)
  defp value(value), do: text(value)

  def text(value) do
    inner =
      for <<c::utf8 <- String.replace(scrub(to_string(value)), "\u2028", " ")>>, into: "" do
        case c do
          ?" -> "\\\""
          ?\\ -> "\\\\"
          c when c < 0x20 -> "\\u" <> String.pad_leading(Integer.to_string(c, 16), 4, "0")
          c -> <<c::utf8>>
        end
      end

    "\"" <> inner <> "\""
  end

  defp scrub(text), do: if(String.valid?(text), do: text, else: inspect(text))

  # What `text` made.
  def read("\"" <> rest), do: read(rest, "")
  defp read("\"" <> _, done), do: done
  defp read("\\u" <> <<hex::binary-size(4), rest::binary>>, done), do: read(rest, done <> <<String.to_integer(hex, 16)::utf8>>)
  defp read("\\n" <> rest, done), do: read(rest, done <> "\n")
  defp read("\\t" <> rest, done), do: read(rest, done <> "\t")
  defp read("\\r" <> rest, done), do: read(rest, done <> "\r")
  defp read("\\b" <> rest, done), do: read(rest, done <> "\b")
  defp read("\\f" <> rest, done), do: read(rest, done <> "\f")
  defp read("\\" <> <<c::utf8, rest::binary>>, done), do: read(rest, done <> <<c::utf8>>)
  defp read(<<c::utf8, rest::binary>>, done), do: read(rest, done <> <<c::utf8>>)
end

defmodule Steadfast.Formatter do
  use GenServer
  def init(_), do: {:ok, nil}
  def id(test), do: inspect(test.module) <> " " <> Atom.to_string(test.name)

  def handle_cast({:test_started, test}, state) do
    tell(id: id(test), outcome: "started")
    {:noreply, state}
  end

  def handle_cast({:test_finished, test}, state) do
    {outcome, message, details} =
      case test.state do
        nil -> {"passed", "", ""}
        {:excluded, _} -> {nil, "", ""}
        {:skipped, why} -> {"skipped", why, ""}
        {:failed, failures} -> failed("failed", failures, ExUnit.Formatter.format_test_failure(test, failures, 1, 80, fn _, text -> text end))
        {:invalid, %{state: {:failed, failures}} = module} ->
          failed("errored", failures, ExUnit.Formatter.format_test_all_failure(module, failures, 1, 80, fn _, text -> text end))
        {:invalid, _} -> {"errored", "what its module sets up for all failed", ""}
      end

    if outcome, do: tell(id: id(test), outcome: outcome, message: message, details: details, seconds: test.time / 1_000_000)
    {:noreply, state}
  end

  def handle_cast(_, state), do: {:noreply, state}

  defp failed(outcome, [{_, error, _} | _], details) do
    message = if is_exception(error), do: Exception.message(error), else: inspect(error)
    {outcome, String.trim(message), details}
  end

  def tell(fields), do: File.write!(System.fetch_env!("STEADFAST_RESULTS"), Steadfast.Json.object(fields), [:append])
end
