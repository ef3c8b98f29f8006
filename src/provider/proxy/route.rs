//! Where a host leads.

use crate::provider::name::ProviderName;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Where a request for a host goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// To the mock of a provider.
    Provider(ProviderName, u16),
    /// Where it was going: to this machine.
    Loopback,
    /// To nowhere: the call is refused.
    Refused,
}

/// A host and a port, as a request names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// In lower case, without brackets and without the dot that may end a name.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Target {
    /// Reads `host`, `host:port`, `[::1]:port`; `None` if it is none of them.
    pub(crate) fn parse(authority: &str, default_port: u16) -> Option<Self> {
        let authority = authority.rsplit_once('@').map_or(authority, |(_, after)| after);
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (host, after) = rest.split_once(']')?;
                (host, after.strip_prefix(':'))
            }
            None => match authority.split_once(':') {
                Some((_, port)) if port.contains(':') => (authority, None),
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let port = port.map_or(Some(default_port), |port| port.parse().ok())?;
        (!host.is_empty()).then_some(Self { host, port })
    }

    fn is_loopback(&self) -> bool {
        let by_name = self.host == "localhost" || self.host.ends_with(".localhost");
        by_name || self.host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }
}

/// The providers' hosts and the ports of their mocks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Routes(BTreeMap<(String, Option<u16>), (ProviderName, u16)>);

impl Routes {
    /// Enters a host, with a port or for every port. The first provider that has it keeps it.
    pub(crate) fn add(&mut self, host: &str, provider: &ProviderName, mock: u16) {
        if let Some(target) = Target::parse(host, 0) {
            let port = (target.port != 0).then_some(target.port);
            self.0.entry((target.host, port)).or_insert_with(|| (provider.clone(), mock));
        }
    }

    /// Where a target leads.
    pub(crate) fn of(&self, target: &Target) -> Route {
        let exact = self.0.get(&(target.host.clone(), Some(target.port)));
        match exact.or_else(|| self.0.get(&(target.host.clone(), None))) {
            Some((provider, mock)) => Route::Provider(provider.clone(), *mock),
            None if target.is_loopback() => Route::Loopback,
            None => Route::Refused,
        }
    }

    /// The provider that has a host, on whatever port.
    pub(crate) fn provider_at(&self, host: &str) -> Option<&ProviderName> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.0.iter().find(|((known, _), _)| *known == host).map(|(_, (provider, _))| provider)
    }

    /// Every host, without ports, once.
    pub(crate) fn hosts(&self) -> Vec<String> {
        let mut hosts: Vec<String> = self.0.keys().map(|(host, _)| host.clone()).collect();
        hosts.dedup();
        hosts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(authority: &str, expected: Route) {
        let mut routes = Routes::default();
        routes.add("api.anthropic.com", &ProviderName::new("claude"), 1);
        routes.add("localhost:11434", &ProviderName::new("ollama"), 2);
        let target = Target::parse(authority, 443).expect("a target");
        assert_eq!(routes.of(&target), expected, "{authority}");
    }

    fn to(name: &str, port: u16) -> Route {
        Route::Provider(ProviderName::new(name), port)
    }

    #[test]
    fn a_providers_host_leads_to_its_mock_on_every_port() {
        check("api.anthropic.com", to("claude", 1));
        check("API.anthropic.com.:8443", to("claude", 1));
        check("user:secret@api.anthropic.com:443", to("claude", 1));
    }

    #[test]
    fn a_host_with_a_port_is_only_that_port() {
        check("localhost:11434", to("ollama", 2));
        check("localhost:11435", Route::Loopback);
    }

    #[test]
    fn this_machine_is_spared() {
        for host in ["127.0.0.1:80", "127.9.9.9", "[::1]:5432", "::1", "db.localhost:1"] {
            check(host, Route::Loopback);
        }
    }

    #[test]
    fn every_other_host_is_refused_also_where_it_looks_like_one_of_them() {
        for host in ["example.com", "api.anthropic.com.evil.example", "10.0.0.1", "xapi.anthropic.com", "0.0.0.0"] {
            check(host, Route::Refused);
        }
    }

    #[test]
    fn what_names_no_host_is_no_target() {
        for text in ["", ":443", "host:port", "host:99999", "[::1"] {
            assert_eq!(Target::parse(text, 443), None, "{text}");
        }
    }
}
