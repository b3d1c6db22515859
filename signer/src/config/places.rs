//! What the configuration names and serving needs: there, and as it has to be.

use super::Config;
use crate::key_folder;

impl Config {
    /// Every fault of it, each with the setting's name. Only for who is about to serve: an auditor has none of this.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let folders = [("[clients] keys", self.clients.keys()), ("[admin] officers", self.admin.officers.as_deref())];
        let mut faults = Vec::new();
        for (setting, folder) in folders {
            let found = folder.map(key_folder::faults).unwrap_or_default();
            faults.extend(found.into_iter().map(|fault| format!("{setting}: {fault}")));
        }
        let spool = self.spool.open(self.store.file());
        // Where the store's folder is not there, the store says so.
        if (self.spool.folder.is_some() || spool.folder().exists())
            && let Err(error) = spool.try_folder()
        {
            faults.push(format!("[spool] folder {}: no file can be made there: {error}", spool.folder().display()));
        }
        faults
    }
}
