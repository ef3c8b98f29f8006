// Lists the tests of the JUnit Platform, or runs those that are asked for in the order in which they are asked for, in one
// process, and tells how each ended as it ends. Rows of parameters, repetitions and dynamic tests belong to their method.

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClasspathRoots;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectUniqueId;

import java.io.FileWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.MethodDescriptor;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.MethodOrdererContext;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

public class SteadfastJUnit {
  /** A test method: what it is called here, what the platform calls it, and the class around it. */
  static class Case {
    final String id;
    final String unique;
    final String holder;
    final MethodSource source;

    Case(String id, String unique, String holder, MethodSource source) {
      this.id = id;
      this.unique = unique;
      this.holder = holder;
      this.source = source;
    }
  }

  static Writer results;

  static synchronized void tell(String... fields) {
    StringBuilder line = new StringBuilder("{");
    for (int at = 0; at < fields.length; at += 2) {
      line.append(at > 0 ? "," : "").append(text(fields[at])).append(":").append(text(fields[at + 1]));
    }
    try {
      results.write(line.append("}\n").toString());
      results.flush();
    } catch (java.io.IOException error) {
      throw new IllegalStateException(error);
    }
  }

  static String text(String value) {
    StringBuilder text = new StringBuilder("\"");
    for (char c : value.toCharArray()) {
      if (c == '"' || c == '\\') text.append('\\').append(c);
      else if (c < 0x20 || c == 0x2028 || c == 0x2029 || Character.isSurrogate(c)) text.append(String.format("\\u%04x", (int) c));
      else text.append(c);
    }
    return text.append("\"").toString();
  }

  /** What stands in a line of the order: a text of JSON. */
  static String read(String line) {
    StringBuilder text = new StringBuilder();
    for (int at = 1; at < line.length() - 1; at++) {
      char c = line.charAt(at);
      if (c != '\\') {
        text.append(c);
        continue;
      }
      c = line.charAt(++at);
      switch (c) {
        case 'n': text.append('\n'); break;
        case 't': text.append('\t'); break;
        case 'r': text.append('\r'); break;
        case 'b': text.append('\b'); break;
        case 'f': text.append('\f'); break;
        case 'u':
          text.append((char) Integer.parseInt(line.substring(at + 1, at + 5), 16));
          at += 4;
          break;
        default: text.append(c);
      }
    }
    return text.toString();
  }

  static void gather(TestPlan plan, TestIdentifier around, Map<String, Case> cases) {
    for (TestIdentifier child : plan.getChildren(around)) {
      MethodSource source = child.getSource().filter(MethodSource.class::isInstance).map(MethodSource.class::cast).orElse(null);
      if (source == null) {
        gather(plan, child, cases);
        continue;
      }
      String parameters = source.getMethodParameterTypes();
      String id = source.getClassName() + "#" + source.getMethodName() + "(" + (parameters == null ? "" : parameters) + ")";
      String key = id;
      for (int count = 2; cases.containsKey(key); count++) key = id + " [" + count + "]";
      cases.put(key, new Case(key, child.getUniqueId(), plan.getParent(child).map(TestIdentifier::getUniqueId).orElse(""), source));
    }
  }

  /** Orders the methods of a class as they were asked for. */
  public static class AsAsked implements MethodOrderer {
    static final Map<String, Integer> PLACES = new HashMap<>();

    @Override
    public void orderMethods(MethodOrdererContext context) {
      String holder = context.getTestClass().getName();
      context.getMethodDescriptors().sort((one, other) -> Integer.compare(place(holder, one), place(holder, other)));
    }

    static int place(String holder, MethodDescriptor method) {
      String parameters = Stream.of(method.getMethod().getParameterTypes()).map(Class::getTypeName).collect(Collectors.joining(", "));
      return PLACES.getOrDefault(holder + "#" + method.getMethod().getName() + "(" + parameters + ")", Integer.MAX_VALUE);
    }
  }

  static class Told implements TestExecutionListener {
    final Map<String, String> ids = new HashMap<>();
    /** The plan of what runs: rows and repetitions are added to it. */
    TestPlan plan;
    final Map<String, Long> began = new HashMap<>();
    final Map<String, Throwable> failed = new HashMap<>();
    boolean hasFailures;

    @Override
    public void testPlanExecutionStarted(TestPlan plan) {
      this.plan = plan;
    }

    /** The case that this is, or is a part of. */
    String idOf(TestIdentifier test) {
      for (TestIdentifier at = test; at != null; at = plan.getParent(at).orElse(null)) {
        String id = ids.get(at.getUniqueId());
        if (id != null) return id;
      }
      return null;
    }

    @Override
    public void executionStarted(TestIdentifier test) {
      String id = ids.get(test.getUniqueId());
      if (id == null) return;
      began.put(id, System.nanoTime());
      tell("id", id, "outcome", "started");
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
      under(test).forEach(id -> tell("id", id, "outcome", "skipped", "message", reason));
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      Throwable error = result.getThrowable().orElse(null);
      boolean isAborted = result.getStatus() == TestExecutionResult.Status.ABORTED;
      String own = ids.get(test.getUniqueId());
      if (own != null) {
        if (error == null) error = failed.remove(own);
        double seconds = (System.nanoTime() - began.getOrDefault(own, System.nanoTime())) / 1e9;
        tell(ended(own, error, isAborted, seconds));
        hasFailures |= error != null && !isAborted;
      } else if (error != null && !isAborted && idOf(test) != null) {
        failed.putIfAbsent(idOf(test), error);
      } else if (error != null) {
        // What a class sets up for all of its tests failed, or what it does after them.
        List<String> left = under(test).filter(id -> !began.containsKey(id)).collect(Collectors.toList());
        Throwable cause = error;
        left.forEach(id -> tell(ended(id, cause, isAborted, 0)));
        if (left.isEmpty()) tell("note", "after " + test.getDisplayName() + ": " + cause);
        hasFailures = true;
      }
    }

    Stream<String> under(TestIdentifier test) {
      String own = ids.get(test.getUniqueId());
      if (own != null) return Stream.of(own);
      return plan.getDescendants(test).stream().map(one -> ids.get(one.getUniqueId())).filter(id -> id != null);
    }

    static String[] ended(String id, Throwable error, boolean isAborted, double seconds) {
      String time = String.format(java.util.Locale.ROOT, "%.6f", seconds);
      if (error == null) return new String[] {"id", id, "outcome", "passed", "seconds", time};
      String message = error.getMessage() == null ? error.getClass().getName() : error.getMessage();
      if (isAborted) return new String[] {"id", id, "outcome", "skipped", "message", message};
      StringWriter stack = new StringWriter();
      error.printStackTrace(new PrintWriter(stack));
      String outcome = error instanceof AssertionError ? "failed" : "errored";
      return new String[] {"id", id, "outcome", outcome, "message", message, "details", stack.toString(), "seconds", time};
    }
  }

  public static void main(String[] words) throws Exception {
    String mode = words[0];
    results = new FileWriter(words[1], java.nio.charset.StandardCharsets.UTF_8, true);
    Set<Path> roots = Stream.of(words[3].split(":")).map(Path::of).collect(Collectors.toCollection(LinkedHashSet::new));
    Launcher launcher = LauncherFactory.create();
    LauncherDiscoveryRequest all = LauncherDiscoveryRequestBuilder.request().selectors(selectClasspathRoots(roots)).build();
    TestPlan plan = launcher.discover(all);
    Map<String, Case> cases = new LinkedHashMap<>();
    for (TestIdentifier root : plan.getRoots()) gather(plan, root, cases);
    if (mode.equals("list")) {
      for (Case one : cases.values()) {
        tell("id", one.id, "class", one.source.getClassName(), "method", one.source.getMethodName(), "unique", one.unique);
      }
      System.exit(0);
    }
    Told told = new Told();
    cases.values().forEach(one -> told.ids.put(one.unique, one.id));
    if (mode.equals("plain")) {
      launcher.execute(all, told);
      System.exit(told.hasFailures ? 1 : 0);
    }
    List<Case> asked = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of(words[2]))) {
      Case one = line.isEmpty() ? null : cases.get(read(line));
      if (one != null) asked.add(one);
    }
    // Neighbours in one class share what it sets up for all of its tests.
    for (int from = 0; from < asked.size(); ) {
      int to = from + 1;
      Set<String> held = new LinkedHashSet<>(List.of(asked.get(from).unique));
      while (to < asked.size() && asked.get(to).holder.equals(asked.get(from).holder) && held.add(asked.get(to).unique)) to++;
      visit(launcher, asked.subList(from, to), told);
      from = to;
    }
    // Threads that tests left do not keep the process.
    System.exit(told.hasFailures ? 1 : 0);
  }

  static void visit(Launcher launcher, List<Case> visit, Told told) throws Exception {
    AsAsked.PLACES.clear();
    LauncherDiscoveryRequestBuilder request =
        LauncherDiscoveryRequestBuilder.request()
            .configurationParameter("junit.jupiter.testmethod.order.default", AsAsked.class.getName())
            .configurationParameter("junit.jupiter.execution.parallel.enabled", "false");
    for (Case one : visit) {
      String parameters = one.source.getMethodParameterTypes();
      AsAsked.PLACES.put(one.source.getClassName() + "#" + one.source.getMethodName() + "(" + (parameters == null ? "" : parameters) + ")", AsAsked.PLACES.size());
    }
    boolean isOrdered = isOrdered(one(visit).source.getJavaClass());
    if (isOrdered) {
      // The class orders its methods itself: each is a visit of its own.
      for (Case one : visit) launcher.execute(request(selectUniqueId(one.unique)), told);
      return;
    }
    launcher.execute(request.selectors(visit.stream().map(one -> selectUniqueId(one.unique)).collect(Collectors.toList())).build(), told);
  }

  static Case one(List<Case> visit) {
    return visit.get(0);
  }

  static LauncherDiscoveryRequest request(org.junit.platform.engine.DiscoverySelector selector) {
    return LauncherDiscoveryRequestBuilder.request()
        .configurationParameter("junit.jupiter.execution.parallel.enabled", "false")
        .selectors(selector)
        .build();
  }

  /** Whether a class, or one around it, says in which order its methods run. */
  static boolean isOrdered(Class<?> kind) {
    for (Class<?> at = kind; at != null; at = at.getEnclosingClass()) {
      for (Class<?> up = at; up != null; up = up.getSuperclass()) {
        if (up.isAnnotationPresent(org.junit.jupiter.api.TestMethodOrder.class)) return true;
      }
    }
    return false;
  }
}
