//! The services that keep pull requests, and where a request is.

use std::collections::BTreeMap;

/// A service that keeps the comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// GitHub, or a server with its API.
    GitHub,
    /// GitLab, and its merge requests.
    GitLab,
}

/// A pull request, and the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which API it has.
    pub service: Service,
    /// Where the API begins, without `/` at its end: `https://api.github.com`.
    pub api: String,
    /// `owner/name`, or GitLab's number of the project.
    pub project: String,
    /// The number of the pull request.
    pub request: u64,
    /// What the service knows us by.
    pub token: String,
}

/// What was typed of a place; what is missing comes from the environment of the CI job.
#[derive(Debug, Clone, Default)]
pub struct GivenPlace {
    /// The service: see [`Place::service`].
    pub service: Option<Service>,
    /// The address: see [`Place::api`].
    pub api: Option<String>,
    /// The project: see [`Place::project`].
    pub project: Option<String>,
    /// The request: see [`Place::request`].
    pub request: Option<u64>,
}

/// What is missing to find a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// The repository is not known.
    #[error("which repository? say --repository OWNER/NAME")]
    NoProject,
    /// The service knows nobody without a token: the variable that has it.
    #[error("there is no token: set {0}")]
    NoToken(&'static str),
}

impl Place {
    /// The place that was given, completed from the environment of the CI job. `None` outside of a pull request.
    ///
    /// # Errors
    /// If it is a pull request and something is missing; the text says what.
    pub fn find(given: &GivenPlace, environment: &BTreeMap<String, String>) -> Result<Option<Self>, PlaceError> {
        let named = |names: &[&str]| {
            names.iter().find_map(|name| environment.get(*name).filter(|text| !text.trim().is_empty()).cloned())
        };
        let on_gitlab = named(&["GITLAB_CI"]).is_some();
        let service = given.service.unwrap_or(if on_gitlab { Service::GitLab } else { Service::GitHub });
        let (api, project, request, tokens): (_, _, _, &[&'static str]) = match service {
            Service::GitHub => (
                named(&["GITHUB_API_URL"]).unwrap_or_else(|| "https://api.github.com".to_owned()),
                named(&["GITHUB_REPOSITORY"]),
                named(&["GITHUB_REF"])
                    .and_then(|name| name.strip_prefix("refs/pull/")?.split('/').next()?.parse().ok()),
                &["GITHUB_TOKEN", "GH_TOKEN"],
            ),
            Service::GitLab => (
                named(&["CI_API_V4_URL"]).unwrap_or_else(|| "https://gitlab.com/api/v4".to_owned()),
                named(&["CI_PROJECT_ID"]),
                named(&["CI_MERGE_REQUEST_IID"]).and_then(|number| number.parse().ok()),
                &["GITLAB_TOKEN", "STEADFAST_GITLAB_TOKEN"],
            ),
        };
        let Some(request) = given.request.or(request) else { return Ok(None) };
        let project = given.project.clone().or(project);
        let project = project.ok_or(PlaceError::NoProject)?;
        let token = named(tokens).ok_or(PlaceError::NoToken(tokens[0]))?;
        let api = given.api.clone().unwrap_or(api).trim_end_matches('/').to_owned();
        Ok(Some(Self { service, api, project, request, token }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &GivenPlace, environment: &[(&str, &str)]) -> Result<Option<Place>, PlaceError> {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Place::find(given, &environment)
    }

    #[test]
    fn the_job_knows_its_pull_request() {
        let github = [("GITHUB_REF", "refs/pull/7/merge"), ("GITHUB_REPOSITORY", "a/b"), ("GITHUB_TOKEN", "t")];
        let place = check(&GivenPlace::default(), &github).expect("all is there").expect("a place");
        assert_eq!((place.service, place.request, place.api.as_str()), (Service::GitHub, 7, "https://api.github.com"));
        let gitlab = [
            ("GITLAB_CI", "true"),
            ("CI_API_V4_URL", "https://git.example/api/v4"),
            ("CI_PROJECT_ID", "12"),
            ("CI_MERGE_REQUEST_IID", "3"),
            ("GITLAB_TOKEN", "t"),
        ];
        let place = check(&GivenPlace::default(), &gitlab).expect("all is there").expect("a place");
        assert_eq!((place.service, place.project.as_str(), place.request), (Service::GitLab, "12", 3));
        assert_eq!(check(&GivenPlace::default(), &[("GITHUB_REF", "refs/heads/main")]), Ok(None));
        assert!(
            check(&GivenPlace::default(), &github[..2])
                .is_err_and(|error| error == PlaceError::NoToken("GITHUB_TOKEN"))
        );
    }
}
