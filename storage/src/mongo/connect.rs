//! Connects and lays out the database: concerns, time limits, schema version, indexes.

use std::{path::Path, time::Duration};

use mongodb::{
    Client, Database, IndexModel,
    bson::{Document as Bson, doc},
    error::ErrorKind,
    options::{ClientOptions, IndexOptions, ReadConcern, ReadPreference, SelectionCriteria, WriteConcern},
};

use super::{
    documents,
    error::{in_time, is_duplicate},
    journal,
};
use crate::{Collection, Error, Result};

/// Schema this program writes, in the one document of the collection `schema`.
const SCHEMA: u32 = 1;

/// How long a call looks for a primary. An election takes longer than this; the caller had better hear so and come
/// back than wait it out.
const SERVER_SELECTION: Duration = Duration::from_secs(5);

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(3);

/// Connections, unless the connection string says otherwise; each carries one command at a time.
const CONNECTIONS: u32 = 64;

/// The database, ready for `collections`.
pub(super) async fn open(uri_file: &Path, database: &str, collections: &[Collection]) -> Result<Database> {
    let client = Client::with_options(options(uri_file).await?)?;
    let database = client.database(database);
    in_time(agree_on_schema(&database)).await?;
    for &collection in collections {
        let documents = database.collection::<Bson>(&documents::name(collection));
        let by_group = IndexModel::builder().keys(doc! { "group": 1, "_id": 1 }).build();
        let by_expiry = IndexModel::builder().keys(doc! { "expires_at": 1 }).build();
        documents.create_indexes([by_group, by_expiry]).await?;
    }
    let unique = IndexOptions::builder().unique(true).build();
    let by_place = IndexModel::builder().keys(doc! { "chain": 1, "sequence": 1 }).options(unique).build();
    database.collection::<Bson>(journal::NAME).create_index(by_place).await?;
    Ok(database)
}

/// Names of the collections that are there; nothing is written.
pub(super) async fn collections(uri_file: &Path, database: &str) -> Result<Vec<String>> {
    let database = Client::with_options(options(uri_file).await?)?.database(database);
    let names = in_time(async { Ok(database.list_collection_names().await?) }).await?;
    Ok(names.iter().filter_map(|name| name.strip_prefix(documents::PREFIX)).map(str::to_owned).collect())
}

/// The database, if it is laid out; nothing is written.
pub(super) async fn open_existing(uri_file: &Path, database: &str) -> Result<Option<Database>> {
    let database = Client::with_options(options(uri_file).await?)?.database(database);
    let found = in_time(async {
        let schema = database.collection::<Bson>("schema").find_one(doc! { "_id": "schema" }).await?;
        schema.map(|schema| refuse_newer(&schema)).transpose()
    });
    Ok(found.await?.map(|()| database))
}

/// The deployment's address from the file; what durability and reading need is ours to say, not the file's.
async fn options(uri_file: &Path) -> Result<ClientOptions> {
    let uri = tokio::fs::read_to_string(uri_file).await.map_err(|error| Error::Unavailable(Box::new(error)))?;
    let mut options = ClientOptions::parse(uri.trim()).await.map_err(without_uri)?;
    options.app_name.get_or_insert_with(|| "rsign".to_owned());
    options.max_pool_size.get_or_insert(CONNECTIONS);
    options.server_selection_timeout = Some(SERVER_SELECTION);
    options.connect_timeout = Some(CONNECT);
    options.write_concern =
        Some(WriteConcern::builder().w(mongodb::options::Acknowledgment::Majority).journal(true).build());
    options.read_concern = Some(ReadConcern::majority());
    options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    Ok(options)
}

/// The connection string holds a password and the driver may quote it; only a failed DNS look-up is passed on.
fn without_uri(error: mongodb::error::Error) -> Error {
    match error.kind.as_ref() {
        ErrorKind::DnsResolve { .. } => error.into(),
        _ => Error::Unavailable("the URI file does not hold a connection string the driver accepts".into()),
    }
}

/// Refuses a newer schema, writes ours where there is none.
async fn agree_on_schema(database: &Database) -> Result<()> {
    let schema = database.collection::<Bson>("schema");
    let ours = doc! { "_id": "schema", "version": i64::from(SCHEMA) };
    loop {
        if let Some(found) = schema.find_one(doc! { "_id": "schema" }).await? {
            return refuse_newer(&found);
        }
        match schema.insert_one(&ours).await {
            Err(error) if is_duplicate(&error) => {} // another opener was quicker, see what it wrote
            done => return Ok(done.map(drop)?),
        }
    }
}

fn refuse_newer(schema: &Bson) -> Result<()> {
    let version = schema.get_i64("version").ok().and_then(|version| u32::try_from(version).ok());
    match version {
        Some(found) if found > SCHEMA => Err(Error::NewerSchema { found, known: SCHEMA }),
        Some(_) => Ok(()),
        None => {
            Err(Error::Corrupt { collection: "schema", id: "schema".to_owned(), source: "no version number".into() })
        }
    }
}
