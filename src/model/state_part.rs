//! What the name of a mark stands for. Whoever looks at a suite's state names a part of it as code would (`shop.RATE`),
//! or in words where no code could (`fixture basket.items`); here alone these names are read.

use crate::model::{MarkKind, StateMark};

/// A part of the state, taken apart by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatePart<'a> {
    /// What a fixture that several tests share holds: `fixture basket.items`, `fixture pool (session)`.
    Fixture {
        /// The fixture: `basket`.
        fixture: &'a str,
        /// What in it: `basket.items`.
        part: &'a str,
    },
    /// An object that the parameters of a test pass to each of its runs: `parameter items`.
    Parameter,
    /// The default of a parameter: `cart.add.__defaults__[0] (default of basket)`.
    Default {
        /// The function: `cart.add`.
        function: &'a str,
        /// The parameter that has the default: `basket`.
        parameter: &'a str,
    },
    /// The cache of a function: `shop.rate.cache_info().currsize`, `auth.token (its cache)`.
    Cache {
        /// Whose results are kept: `shop.rate`.
        function: &'a str,
    },
    /// A context variable: `shop.LOCALE.get()`.
    ContextVariable {
        /// The variable: `shop.LOCALE`.
        variable: &'a str,
    },
    /// What `logging.disable` sets: `logging.root.manager.disable`.
    LoggingDisable,
    /// An item of a container: `shop.CONFIG["currency"]`.
    Item {
        /// The container, as code: `shop.CONFIG`.
        owner: &'a str,
        /// The key, as code: `"currency"`.
        key: &'a str,
    },
    /// An attribute of a module, a class or an object: `shop.RATE`.
    Attribute {
        /// What has the attribute, as code: `shop`.
        owner: &'a str,
        /// The attribute's name: `RATE`.
        attribute: &'a str,
    },
    /// Anything else, such as a call that asks for a setting, a file, or words that are no code.
    Other,
}

impl StateMark {
    /// What this mark's name stands for.
    pub fn part(&self) -> StatePart<'_> {
        let name = self.name.as_str();
        if matches!(self.kind, MarkKind::File | MarkKind::Module | MarkKind::Load | MarkKind::Thread) {
            return StatePart::Other;
        }
        if let Some(part) = name.strip_prefix("fixture ") {
            let fixture = part.split(['.', '[', ' ']).next().unwrap_or(part);
            return StatePart::Fixture { fixture, part };
        }
        if name.starts_with("parameter ") {
            return StatePart::Parameter;
        }
        if let Some((function, parameter)) = name.strip_suffix(')').and_then(|name| name.split_once(" (default of ")) {
            let function = function.split(".__defaults__").next().unwrap_or(function);
            return StatePart::Default { function, parameter };
        }
        let cache = name.strip_suffix(" (its cache)").or_else(|| name.strip_suffix(".cache_info().currsize"));
        if let Some(function) = cache.filter(|function| is_code(function)) {
            return StatePart::Cache { function };
        }
        if name == "logging.root.manager.disable" {
            return StatePart::LoggingDisable;
        }
        if !is_code(name) {
            return StatePart::Other;
        }
        if let Some(variable) = name.strip_suffix(".get()").filter(|_| self.kind == MarkKind::Context) {
            return StatePart::ContextVariable { variable };
        }
        last_step(name)
    }
}

/// Whether a name can be written as code: outside of texts, nothing in it is for readers only.
fn is_code(name: &str) -> bool {
    !name.is_empty() && outside_texts(name).all(|(_, c)| !matches!(c, ' ' | '<' | '…' | '='))
}

/// The container and the key, or the owner and the attribute, that a name which is code ends with.
fn last_step(name: &str) -> StatePart<'_> {
    let (mut start, mut depth) = (0, 0_u32);
    let mut bracket = None;
    for (at, c) in outside_texts(name) {
        match c {
            '[' | '(' => {
                if depth == 0 {
                    bracket = Some((at, c));
                }
                depth += 1;
            }
            ']' | ')' => depth = depth.saturating_sub(1),
            '.' if depth == 0 => start = at,
            _ => {}
        }
    }
    if let (Some((at, '[')), Some(inner)) = (bracket, name.strip_suffix(']'))
        && at > start
        && at > 0
    {
        return StatePart::Item { owner: &name[..at], key: &inner[at + 1..] };
    }
    let is_name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_');
    match (name.get(..start), name.get(start + 1..)) {
        (Some(owner), Some(attribute)) if start > 0 && is_name(attribute) => StatePart::Attribute { owner, attribute },
        _ => StatePart::Other,
    }
}

/// The characters of a name that are in no text, each with its place in bytes. Texts stand in double quotes, with a
/// backslash before a quote inside.
fn outside_texts(name: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut is_inside, mut is_escaped) = (false, false);
    name.char_indices().filter(move |(_, c)| {
        let was_inside = is_inside;
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_inside => is_escaped = true,
            '"' => is_inside = !is_inside,
            _ => {}
        }
        !was_inside
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use StatePart::{Attribute, Cache, ContextVariable, Default, Fixture, Item, LoggingDisable, Other, Parameter};

    fn check(kind: MarkKind, name: &str, expected: StatePart<'_>) {
        assert_eq!(StateMark::new(kind, name, None, None).part(), expected, "{name}");
    }

    #[test]
    fn names_that_are_code_are_taken_apart_at_their_last_step() {
        use MarkKind::{Context, Environment, Logging, Process, Variable};
        check(Variable, "shop.RATE", Attribute { owner: "shop", attribute: "RATE" });
        check(Variable, "shop.CONFIG[\"a.b[c\"]", Item { owner: "shop.CONFIG", key: "\"a.b[c\"" });
        check(Variable, "shop.CONFIG[\"a \\\" ]\"]", Item { owner: "shop.CONFIG", key: "\"a \\\" ]\"" });
        check(Variable, "shop.CONFIG[\"a b\"].x", Attribute { owner: "shop.CONFIG[\"a b\"]", attribute: "x" });
        check(Variable, "shop.ROWS[0][(1,2)]", Item { owner: "shop.ROWS[0]", key: "(1,2)" });
        check(Environment, "os.environ[\"RATE\"]", Item { owner: "os.environ", key: "\"RATE\"" });
        let owner = "logging.getLogger(\"a.b\")";
        check(Logging, "logging.getLogger(\"a.b\").level", Attribute { owner, attribute: "level" });
        check(Logging, "logging.root.manager.disable", LoggingDisable);
        check(Context, "shop.LOCALE.get()", ContextVariable { variable: "shop.LOCALE" });
        check(Context, "decimal.getcontext()", Other);
        check(Process, "signal.getsignal(signal.SIGINT)", Other);
        check(Variable, "RATE", Other);
        check(Variable, "", Other);
        check(Variable, "[\"a\"]", Other);
        check(Variable, "shop.", Other);
        check(Variable, "shop.é[\"ü\"]", Item { owner: "shop.é", key: "\"ü\"" });
    }

    #[test]
    fn names_in_words_are_known() {
        use MarkKind::{File, LoopBound, Variable};
        check(Variable, "fixture basket.items", Fixture { fixture: "basket", part: "basket.items" });
        check(LoopBound, "fixture pool (session)", Fixture { fixture: "pool", part: "pool (session)" });
        check(Variable, "parameter items", Parameter);
        let expected = Default { function: "cart.add", parameter: "basket" };
        check(Variable, "cart.add.__defaults__[0] (default of basket)", expected);
        check(LoopBound, "auth.token (its cache)", Cache { function: "auth.token" });
        check(MarkKind::Cache, "shop.rate.cache_info().currsize", Cache { function: "shop.rate" });
        check(Variable, "shop.f (variable n of its closure)", Other);
        check(Variable, "shop.A[<object>]", Other);
        check(File, "fixture data.txt", Other);
    }
}
