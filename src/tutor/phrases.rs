//! The short common phrases whose answers are cached: whole messages, not parts of one.

const PHRASES: [&str; 36] = [
    // greetings
    "hello",
    "hi",
    "hey",
    "good morning",
    "good evening",
    "how are you",
    "bonjour",
    "salut",
    "bonsoir",
    "hola",
    "buenos días",
    "hallo",
    "guten tag",
    "guten morgen",
    "ciao",
    "buongiorno",
    "olá",
    "bom dia",
    "你好",
    "您好",
    "こんにちは",
    "안녕하세요", // thanks
    "thanks",
    "thank you",
    "merci",
    "gracias",
    "danke",
    "grazie",
    "谢谢", // farewells
    "bye",
    "goodbye",
    "au revoir",
    "adiós",
    "auf wiedersehen",
    "arrivederci",
    "再见",
];

/// A message as the list has it: without surrounding space, closing punctuation and capitals.
pub(super) fn normalised(message: &str) -> String {
    message.trim().trim_end_matches(['.', '!', '?', '。', '！', '？']).trim_end().to_lowercase()
}

/// Whether a message, normalised, is one of the phrases.
pub(super) fn is_common(normalised: &str) -> bool {
    PHRASES.contains(&normalised)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_and_closing_punctuation_do_not_matter() {
        assert!(is_common(&normalised(" Hello! ")));
        assert!(is_common(&normalised("GUTEN TAG.")));
        assert!(is_common(&normalised("你好！")));
    }

    #[test]
    fn only_a_whole_message_counts() {
        assert!(!is_common(&normalised("Hello there")));
        assert!(!is_common(&normalised("hello, hello")));
        assert!(!is_common(&normalised("")));
    }
}
