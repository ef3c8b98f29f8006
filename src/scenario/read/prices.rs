//! `prices`: what a provider's models cost.

use crate::provider::Price;
use crate::scenario::read::Reader;
use crate::scenario::yaml::Node;
use std::collections::BTreeMap;

/// The keys of a price.
pub(crate) const PRICE_KEYS: &[&str] = &["input", "output", "minute", "most_output"];

impl Reader<'_> {
    /// Reads prices by model: dollars for a thousand tokens, and for a minute of audio.
    pub(crate) fn prices(&mut self, node: &Node) -> BTreeMap<String, Price> {
        let mut prices = BTreeMap::new();
        for entry in self.entries(node, "a mapping of models").unwrap_or_default() {
            let Some(fields) = self.fields(&entry.value, "a price", PRICE_KEYS) else { continue };
            let mut price = Price::default();
            for (key, amount) in
                [("input", &mut price.input), ("output", &mut price.output), ("minute", &mut price.minute)]
            {
                if let Some(money) = fields.value(key).and_then(|node| self.money(node)) {
                    *amount = money;
                }
            }
            price.most_output = fields.value("most_output").and_then(|node| self.count(node, 1)).map(u64::from);
            prices.insert(entry.key.clone(), price);
        }
        prices
    }
}
