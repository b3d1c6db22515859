//! Nothing an operation makes outlives it, whether it succeeds or fails.

use super::TOKEN;
use crate::harness::TestToken;
use crate::harness::child::churn;

/// Rounds of fourteen jobs, four of which fail.
const ROUNDS: u32 = 40;

#[tokio::test]
async fn no_object_and_no_session_is_left_after_hundreds_of_jobs_good_and_bad() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let masters = token.ceremony().await.masters();
    let (before, after) = churn(&token, &masters, ROUNDS);
    assert_eq!(before.token_objects, 3 + 2 * 3, "K_MK, header-MAC and second-factor key, three pairs");
    assert_eq!(before.session_objects, 0);
    assert_eq!(before, after);
}
