<?php
// Lists the tests of a project with PHPUnit, or runs those that are asked for in the order in which they are asked for, in one
// process, and tells how each ended as it ends.
//     phpunit.php RESULTS [--order FILE] -- [OPTIONS OF PHPUNIT] [FOLDERS AND FILES OF TESTS]
// With --told FILE instead of an order it puts right a JUnit file of PHPUnit's, which has what is risky as an error, and warnings as
// no failure, however PHPUnit is set.
// What phpunit.xml and the options say of configuration, bootstrap, suites, groups, names and settings of PHP holds.

use PHPUnit\Framework\{AssertionFailedError, Test, TestCase, TestListener, TestResult, TestSuite, Warning};
use PHPUnit\Runner\Filter\{ExcludeGroupFilterIterator, Factory, IncludeGroupFilterIterator, NameFilterIterator};
use PHPUnit\TextUI\CliArguments\Builder;
use PHPUnit\TextUI\XmlConfiguration\{Loader, PhpHandler};

// PHPUnit hands every global to a test that runs in a process of its own, and a bootstrap may use any name: nothing here is a global.
(static function (): void {
[$results, $order, $told, $given] = (static function (array $words): array {
    array_shift($words);
    $results = array_shift($words);
    $order = $words[0] === '--order' ? $words[1] : null;
    $told = $words[0] === '--told' ? $words[1] : null;
    return [$results, $order, $told, array_slice($words, array_search('--', $words, true) + 1)];
})($_SERVER['argv']);
$steadfast = new class($results) {
    private $file;
    public function __construct(string $results) { $this->file = fopen($results, 'a'); }
    public function tell(array $fields): void {
        fwrite($this->file, json_encode($fields, JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_SLASHES) . "\n");
        fflush($this->file);
    }
};
$_SERVER['argv'] = $GLOBALS['argv'] = ['phpunit', ...$given];
foreach (['vendor/autoload.php', '/usr/share/php/PHPUnit/Autoload.php'] as $autoload) {
    if (is_file($autoload)) { require_once $autoload; }
    if (class_exists(TestCase::class)) {
        // A test in a process of its own loads this first.
        if (is_file($autoload) && !defined('PHPUNIT_COMPOSER_INSTALL')) { define('PHPUNIT_COMPOSER_INSTALL', realpath($autoload)); }
        break;
    }
}
if (!class_exists(TestSuite::class) || !class_exists(Loader::class)) {
    fwrite(STDERR, "no PHPUnit 9 is here: neither in vendor/ nor among Debian's packages\n");
    exit(1);
}

$suite = new TestSuite('');
// Options are read as PHPUnit reads them, which takes one file or folder where this takes several.
$options = (new Builder)->fromParameters($given, []);
$known = new ReflectionClass(Builder::class);
[, $given] = (new SebastianBergmann\CliParser\Parser)
    ->parse($given, $known->getConstant('SHORT_OPTIONS'), $known->getConstant('LONG_OPTIONS'));
$configuration = null;
$names = $options->hasConfiguration() ? [$options->configuration()] : ['phpunit.xml', 'phpunit.xml.dist', 'phpunit.dist.xml'];
foreach ($options->hasUseDefaultConfiguration() && !$options->hasConfiguration() ? [] : $names as $name) {
    if (is_dir($name)) { $name .= is_file("$name/phpunit.xml") ? '/phpunit.xml' : '/phpunit.xml.dist'; }
    if (is_file($name)) { $configuration = (new Loader)->load(realpath($name)); break; }
}
$is = $configuration ? $configuration->phpunit() : null;
$failsOnRisky = $options->hasFailOnRisky() ? $options->failOnRisky() : $is && $is->failOnRisky();
$failsOnWarning = $options->hasFailOnWarning() ? $options->failOnWarning() : $is && $is->failOnWarning();
if ($told !== null) {
    $document = new DOMDocument;
    if (!is_file($told) || !$document->load($told)) { exit(0); }
    $found = new DOMXPath($document);
    foreach ($failsOnRisky ? [] : $found->query('//error[contains(@type, "RiskyTest")]') as $risky) { $risky->parentNode->removeChild($risky); }
    foreach ($failsOnWarning ? $found->query('//warning') : [] as $warning) {
        $failure = $document->createElement('failure');
        $failure->appendChild($document->createTextNode($warning->textContent));
        $warning->parentNode->replaceChild($failure, $warning);
    }
    $document->save($told);
    exit(0);
}
$bootstrap = $options->hasBootstrap() ? $options->bootstrap() : null;
if ($configuration) {
    (new PhpHandler)->handle($configuration->php());
    if ($bootstrap === null && $configuration->phpunit()->hasBootstrap()) { $bootstrap = $configuration->phpunit()->bootstrap(); }
}
if ($bootstrap) {
    $GLOBALS['__PHPUNIT_BOOTSTRAP'] = realpath($bootstrap) ?: $bootstrap;
    // What it sets is global, as under PHPUnit.
    PHPUnit\Util\FileLoader::checkAndLoad($bootstrap);
}
if ($given === [] && $configuration && !$configuration->testSuite()->isEmpty()) {
    $suite = (new PHPUnit\TextUI\TestSuiteMapper)
        ->map($configuration->testSuite(), $options->hasTestSuite() ? $options->testSuite() : '');
} else {
    foreach ($given ?: array_filter(['tests', 'test'], 'is_dir') as $path) {
        $files = is_dir($path) ? (new SebastianBergmann\FileIterator\Facade)->getFilesAsArray($path, 'Test.php') : [$path];
        $suite->addTestFiles($files);
    }
}

$groups = $configuration ? $configuration->groups() : null;
$wanted = $options->hasGroups() ? $options->groups() : ($groups && $groups->hasInclude() ? $groups->include()->asArrayOfStrings() : []);
$unwanted = $options->hasExcludeGroups() ? $options->excludeGroups()
    : ($groups && $groups->hasExclude() ? array_diff($groups->exclude()->asArrayOfStrings(), $wanted) : []);
$filters = new Factory;
if ($unwanted) { $filters->addFilter(new ReflectionClass(ExcludeGroupFilterIterator::class), $unwanted); }
if ($wanted) { $filters->addFilter(new ReflectionClass(IncludeGroupFilterIterator::class), $wanted); }
if ($options->hasFilter()) { $filters->addFilter(new ReflectionClass(NameFilterIterator::class), $options->filter()); }
// PHPUnit 9.6 takes no factory without a filter.
if ($unwanted || $wanted || $options->hasFilter()) { $suite->injectFilter($filters); }

/** The tests of a suite as they stand in it, but for those that groups and names leave out. */
$flat = static function (Test $test) use (&$flat): iterable {
    if ($test instanceof TestSuite) {
        foreach ($test as $child) { yield from $flat($child); }
    } else {
        yield $test;
    }
};
$cases = [];
$seen = [];
foreach ($flat($suite) as $test) {
    $class = get_class($test);
    $name = $test instanceof TestCase ? $class . '::' . $test->getName() : 'warning: ' . $test->getName();
    $seen[$name] = ($seen[$name] ?? 0) + 1;
    $cases[$seen[$name] > 1 ? "$name [{$seen[$name]}]" : $name] = $test;
}

if ($order === null) {
    foreach ($cases as $id => $test) {
        $class = get_class($test);
        try {
            $method = new ReflectionMethod($class, $test->getName(false));
            [$file, $line] = [$method->getFileName(), $method->getStartLine()];
        } catch (ReflectionException $none) {
            [$file, $line] = ['', 1];
        }
        $file = str_starts_with($file, getcwd() . '/') ? substr($file, strlen(getcwd()) + 1) : $file;
        $steadfast->tell(['id' => (string) $id, 'class' => $class, 'name' => $test->getName(), 'method' => $test->getName(false), 'file' => $file, 'line' => $line]);
    }
    exit(0);
}

/** Folders of PHPUnit's own code, and this file: no place there says where a test failed. */
$theirs = [dirname((new ReflectionClass(TestCase::class))->getFileName(), 2) . '/', __FILE__];
$failsOn = ['risky' => $failsOnRisky, 'warning' => $failsOnWarning];
$listener = new class($steadfast, $cases, $theirs, $failsOn) implements TestListener {
    private $steadfast;
    private array $theirs;
    private SplObjectStorage $ids;
    private ?array $end = null;
    private array $failsOn;
    public function __construct($steadfast, array $cases, array $theirs, array $failsOn) {
        $this->steadfast = $steadfast;
        $this->theirs = $theirs;
        $this->failsOn = $failsOn;
        $this->ids = new SplObjectStorage;
        foreach ($cases as $id => $test) { $this->name($test, (string) $id); }
    }
    public function name(Test $test, string $id): void { $this->ids[$test] = $id; }
    private function saw(string $outcome, Throwable $error): void {
        if ($this->end !== null && $this->end['outcome'] !== 'passed') { return; }
        $place = $error->getFile() . ':' . $error->getLine();
        foreach ([['file' => $error->getFile(), 'line' => $error->getLine()], ...$error->getTrace()] as $frame) {
            $file = $frame['file'] ?? '';
            if ($file !== '' && array_filter($this->theirs, fn ($folder) => str_starts_with($file, $folder)) === []) {
                $place = $file . ':' . $frame['line'];
                break;
            }
        }
        $message = $error->getMessage() !== '' ? $error->getMessage() : get_class($error);
        $this->end = ['outcome' => $outcome, 'message' => $message, 'details' => "$message\n$place\n" . $error->getTraceAsString()];
    }
    public function startTest(Test $test): void {
        $this->end = ['outcome' => 'passed'];
        if (isset($this->ids[$test])) { $this->steadfast->tell(['id' => $this->ids[$test], 'outcome' => 'started']); }
    }
    public function endTest(Test $test, float $time): void {
        if (isset($this->ids[$test])) { $this->steadfast->tell(['id' => $this->ids[$test], 'seconds' => $time] + ($this->end ?? [])); }
        $this->end = null;
    }
    public function addError(Test $test, Throwable $error, float $time): void { $this->around($test, 'errored', $error); }
    public function addWarning(Test $test, Warning $error, float $time): void {
        if ($this->failsOn['warning']) { $this->around($test, 'failed', $error); }
    }
    public function addFailure(Test $test, AssertionFailedError $error, float $time): void { $this->around($test, 'failed', $error); }
    public function addIncompleteTest(Test $test, Throwable $error, float $time): void { $this->around($test, 'skipped', $error); }
    public function addRiskyTest(Test $test, Throwable $error, float $time): void {
        if ($this->failsOn['risky']) { $this->around($test, 'failed', $error); }
    }
    public function addSkippedTest(Test $test, Throwable $error, float $time): void { $this->around($test, 'skipped', $error); }
    /** What happens to a test that was never started, since its class could not be set up, is its end. */
    private function around(Test $test, string $outcome, Throwable $error): void {
        if ($this->end !== null) { $this->saw($outcome, $error); return; }
        $under = $test instanceof TestSuite ? iterator_to_array((function () use ($test) { foreach ($test->tests() as $one) { yield $one; } })(), false) : [$test];
        foreach ($under as $one) {
            if (isset($this->ids[$one])) {
                $this->steadfast->tell(['id' => $this->ids[$one], 'outcome' => $outcome, 'message' => $error->getMessage(), 'details' => (string) $error]);
            }
        }
    }
    public function startTestSuite(TestSuite $suite): void {}
    public function endTestSuite(TestSuite $suite): void {}
};

// Tests of one class in a row share what it sets up before and after all of them.
$top = new TestSuite('');
$last = null;
$group = null;
$known = [];
foreach (file($order, FILE_IGNORE_NEW_LINES | FILE_SKIP_EMPTY_LINES) as $line) {
    $id = json_decode($line);
    $test = $cases[$id] ?? null;
    if ($test === null) { continue; }
    if (isset($known[$id])) {
        // Once more, as a test of its own.
        $test = clone $test;
        $listener->name($test, (string) $id);
    }
    $known[$id] = true;
    if ($group === null || get_class($test) !== $last) {
        $last = get_class($test);
        $group = new class($last) extends TestSuite {
            public function __construct(string $class) {
                parent::__construct('');
                $this->setName($class);
                // What a class sets up for all of its tests is done for a suite that says that it is one of a class.
                $this->testCase = true;
            }
        };
        $top->addTest($group);
    }
    $group->addTest($test);
}
$result = new TestResult;
$result->addListener($listener);
if ($is) {
    $result->convertDeprecationsToExceptions($is->convertDeprecationsToExceptions());
    $result->convertErrorsToExceptions($is->convertErrorsToExceptions());
    $result->convertNoticesToExceptions($is->convertNoticesToExceptions());
    $result->convertWarningsToExceptions($is->convertWarningsToExceptions());
    $top->setBackupGlobals($is->backupGlobals());
    $top->setBackupStaticAttributes($is->backupStaticAttributes());
}
// What is risky is asked for only where it fails.
$isAsked = static fn (bool $given, bool $isSet, bool $usual) => $failsOnRisky && ($given || ($is ? $isSet : $usual));
$reports = !$options->hasReportUselessTests() || $options->reportUselessTests();
$result->beStrictAboutTestsThatDoNotTestAnything($reports && $isAsked(false, $is && $is->beStrictAboutTestsThatDoNotTestAnything(), true));
$result->beStrictAboutOutputDuringTests(
    $isAsked($options->hasDisallowTestOutput() && $options->disallowTestOutput(), $is && $is->beStrictAboutOutputDuringTests(), false)
);
$result->beStrictAboutTodoAnnotatedTests(
    $isAsked($options->hasDisallowTodoAnnotatedTests() && $options->disallowTodoAnnotatedTests(), $is && $is->beStrictAboutTodoAnnotatedTests(), false)
);
$top->setBeStrictAboutChangesToGlobalState($isAsked(
    $options->hasBeStrictAboutChangesToGlobalState() && $options->beStrictAboutChangesToGlobalState(),
    $is && $is->beStrictAboutChangesToGlobalState(), false
));
$top->run($result);
$fails = !$result->wasSuccessfulIgnoringWarnings() || $failsOnWarning && $result->warningCount() > 0
    || $failsOnRisky && $result->riskyCount() > 0;
exit($fails ? 1 : 0);
})();
