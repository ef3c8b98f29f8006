# Starts the driver for the JUnit Platform with a project's classes.
#     junit5.sh DRIVERS MODE RESULTS ORDER [-cp CLASS PATH] [FOLDERS OF CLASSES]
# By default the classes are those that Maven or Gradle built, or `out`; JUnit is the one on the class path, else Debian's.
drivers=$1 mode=$2 results=$3 order=$4
shift 4
path=
roots=
while [ $# -gt 0 ]; do
  case $1 in
    -cp | -classpath | --class-path) path=$2; shift ;;
    -*) ;;
    *) roots=$roots${roots:+:}$1 ;;
  esac
  shift
done
if [ -z "$roots" ]; then
  for folder in target/test-classes build/classes/java/test build/classes/kotlin/test out; do
    if [ -d "$folder" ]; then roots=$roots${roots:+:}$folder; fi
  done
fi
for folder in target/classes build/classes/java/main build/classes/kotlin/main build/resources/main; do
  if [ -d "$folder" ]; then path=$path${path:+:}$folder; fi
done
for jar in lib/*.jar target/dependency/*.jar build/dependency/*.jar; do
  if [ -f "$jar" ]; then path=$path${path:+:}$jar; fi
done
[ -n "$roots" ] || { echo 'no classes of tests are here: build them (target/test-classes, build/classes/java/test, out), or name their folder' >&2; exit 1; }
case :$path: in
  *junit-platform-launcher*) ;;
  *)
    for name in junit-platform-launcher junit-platform-engine junit-platform-commons junit-jupiter-api junit-jupiter-engine \
      junit-jupiter-params opentest4j apiguardian-api; do
      if [ -f "/usr/share/java/$name.jar" ]; then path=$path${path:+:}/usr/share/java/$name.jar; fi
    done
    ;;
esac
classes=$drivers/classes
if [ ! -f "$classes/done" ]; then
  mkdir -p "$classes"
  javac -nowarn -d "$classes" -cp "$roots:$path" "$drivers/SteadfastJUnit.java" || exit 1
  touch "$classes/done"
fi
exec java -cp "$classes:$roots:$path" SteadfastJUnit "$mode" "$results" "$order" "$roots"
