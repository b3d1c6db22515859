//! Runs a step's closure for an adapter: a panic in it, or a document for another id, ends this step and nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{Change, Collection, Document, Error, Result, Step};

/// What the step makes of the document `id`, of which `found` is the present state.
pub(crate) fn decide(collection: Collection, id: &str, step: &mut Step, found: Option<&Document>) -> Result<Change> {
    // The closure is dropped with the step whose error this becomes, so nobody sees what the panic left half done.
    let change = catch_unwind(AssertUnwindSafe(|| step(found)))
        .map_err(|_| Error::Unavailable("the step panicked, nothing was written".into()))?;
    match change {
        Change::Put(document) if document.id != id => Err(Error::Corrupt {
            collection: collection.name,
            id: id.to_owned(),
            source: "the step put a document with another id".into(),
        }),
        change => Ok(change),
    }
}
