//! What we ask Polar.

use super::{Checkout, Client, Error, Listed, Organization, Seen};
use crate::model::projection::Kind;
use serde_json::Value;

/// As many as Polar gives at once; more are lowered silently (C§1.3).
const PAGE: &str = "100";

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// The objects, raw.
    pub items: Vec<Seen<Value>>,
    /// Whether there are no more.
    pub is_last: bool,
}

impl Client {
    /// The organization that the token belongs to.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when the token sees none; else as every call.
    pub async fn organization(&self) -> Result<Organization, Error> {
        let seen: Seen<Listed<Organization>> = self.get("/v1/organizations/", &[]).await?;
        seen.value.items.into_iter().next().ok_or_else(|| Error::Unreadable("no organization".to_owned()))
    }

    /// A checkout by its id.
    ///
    /// # Errors
    /// As every call.
    pub async fn checkout(&self, id: &str) -> Result<Seen<Checkout>, Error> {
        self.get(&format!("/v1/checkouts/{id}"), &[]).await
    }

    /// One object of the mirror, raw. Refunds have no address of their own and are listed by their id; grants cannot be
    /// asked for alone at all (C§2.10, C§2.12).
    ///
    /// # Errors
    /// As every call.
    pub async fn object(&self, kind: Kind, id: &str) -> Result<Seen<Value>, Error> {
        if kind == Kind::Refund {
            return self.objects(kind, &[("id", id)]).await?.pop().ok_or(Error::NotFound);
        }
        self.get(&format!("{}{id}", collection(kind.stored())), &[]).await
    }

    /// As [`Client::object`], with when it was seen; no value if Polar knows no such object. Only for kinds that have
    /// addresses of their own.
    ///
    /// # Errors
    /// As every call.
    pub async fn object_if_any(&self, kind: Kind, id: &str) -> Result<Seen<Option<Value>>, Error> {
        self.find(&format!("{}{id}", collection(kind.stored())), &[]).await
    }

    /// A customer by Polar's own id, with when it was seen; no value if Polar knows it no longer.
    ///
    /// # Errors
    /// As every call.
    pub async fn customer_if_any(&self, id: &str) -> Result<Seen<Option<Value>>, Error> {
        self.find(&format!("/v1/customers/{id}"), &[]).await
    }

    /// Every object of a kind that the filter lets through, raw, over all pages.
    ///
    /// # Errors
    /// As every call; one failed page fails the list.
    pub async fn objects(&self, kind: Kind, filter: &[(&str, &str)]) -> Result<Vec<Seen<Value>>, Error> {
        self.all(kind.stored(), filter).await
    }

    /// Everything of a list, raw, over all pages; `kind` as in [`Client::page`].
    pub(super) async fn all(&self, kind: &str, filter: &[(&str, &str)]) -> Result<Vec<Seen<Value>>, Error> {
        let mut all = Vec::new();
        for number in 1.. {
            let page = self.page(kind, filter, number).await?;
            all.extend(page.items);
            if page.is_last {
                break;
            }
        }
        Ok(all)
    }

    /// One page of a list, raw; `kind` also `customer` or `benefit`. Pages count from 1.
    ///
    /// # Errors
    /// As every call.
    pub async fn page(&self, kind: &str, filter: &[(&str, &str)], number: u32) -> Result<Page, Error> {
        let text = number.to_string();
        let query = [filter, &[("page", text.as_str()), ("limit", PAGE)]].concat();
        let seen: Seen<Listed<Value>> = self.get(&collection(kind), &query).await?;
        let observed_us = seen.observed_us;
        let items = seen.value.items.into_iter().map(|value| Seen { value, observed_us }).collect();
        Ok(Page { items, is_last: number >= seen.value.pagination.max_page })
    }

    /// The customer with this external id, raw; `None` if there never was one.
    ///
    /// # Errors
    /// As every call.
    pub async fn customer_of(&self, external_id: &str) -> Result<Option<Seen<Value>>, Error> {
        let Seen { value, observed_us } = self.find(&format!("/v1/customers/external/{external_id}"), &[]).await?;
        Ok(value.map(|value| Seen { value, observed_us }))
    }

    /// The customer with this mail address, raw.
    ///
    /// # Errors
    /// As every call.
    pub async fn customer_by_email(&self, email: &str) -> Result<Option<Value>, Error> {
        let seen: Seen<Listed<Value>> = self.get("/v1/customers/", &[("email", email), ("limit", "1")]).await?;
        Ok(seen.value.items.into_iter().next())
    }
}

/// `/v1/benefit-grants/`
fn collection(kind: &str) -> String {
    format!("/v1/{}s/", kind.replace('_', "-"))
}
