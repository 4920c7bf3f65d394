//! The last flushes, for the view `kalam.flushes`.

use std::collections::VecDeque;

use parking_lot::Mutex;

use super::flush::FlushReport;
use crate::base::ids::TenantId;

/// Most flushes that are remembered, over all tenants.
const REMEMBERED_FLUSHES: usize = 1024;

/// A ring of reports.
#[derive(Default)]
pub(super) struct Recent(Mutex<VecDeque<FlushReport>>);

impl Recent {
    pub fn push(&self, report: FlushReport) {
        let mut reports = self.0.lock();
        if reports.len() == REMEMBERED_FLUSHES {
            reports.pop_front();
        }
        reports.push_back(report);
    }

    /// The reports of one tenant, the oldest first.
    pub fn of(&self, tenant: TenantId) -> Vec<FlushReport> {
        self.0.lock().iter().filter(|report| report.tenant == tenant).cloned().collect()
    }
}
