/** Every kind of record, and what is asked of it. */
import type { RecordNamespace } from '../../../model/record.ts'
import { agreementRule, closeRule, disputeRule, ratingRule } from './agreement.ts'
import { headRule } from './head.ts'
import { nodeRule } from './node.ts'
import { offerRule } from './offer.ts'
import { revocationRule } from './revocation.ts'
import type { Rule } from './rule.ts'
import { warrantRule } from './warrant.ts'

export const rules: Readonly<Record<RecordNamespace, Rule>> = {
  'claw-node': nodeRule,
  'claw-offer': offerRule,
  'claw-agr': agreementRule,
  'claw-close': closeRule,
  'claw-head': headRule,
  'claw-warr': warrantRule,
  'claw-rep': ratingRule,
  'claw-rvk': revocationRule,
  'claw-disp': disputeRule,
}
