/** What can go wrong with MOLT: accounts, networks, and the market. */
import { failure } from './failure-row.ts'

const accountFailures = {
  INSUFFICIENT_FUNDS: failure(
    'capacity',
    ({ needed, available }: { needed: string; available: string }) =>
      `The account has ${available}, and ${needed} are needed.`,
    'See what is on it with `clawbernetes molt balance`.',
  ),
  NO_QUORUM: failure(
    'unavailable',
    ({ what, answered, needed }: { what: string; answered: number; needed: number }) =>
      `Of the ${needed} witnesses that are needed for ${what}, ${answered} have answered.`,
    'What was begun goes on by itself as soon as enough of them answer; the same may be asked again.',
  ),
  ACCOUNT_LOCKED: failure(
    'conflict',
    ({ account, sequence }: { account: string; sequence: number }) =>
      `Two different lines with the number ${sequence} were signed for account ${account}, so neither can count.`,
    'One key must be used by one daemon only, and no data directory from before a payment. The rest of the account cannot be spent any more.',
  ),
  LINE_REPLACED: failure(
    'conflict',
    ({ account, sequence }: { account: string; sequence: number }) =>
      `Another line with the number ${sequence} of account ${account} counts already, so this one was given up.`,
    'One key must be used by one daemon only. See what was paid with `clawbernetes molt statement`.',
  ),
  PAYMENT_INVALID: failure(
    'invalid',
    ({ problem }: { problem: string }) => `Nothing can be paid like this: ${problem}.`,
    'Ask for another payment: nothing was signed for this one.',
  ),
  PAYMENT_REFUSED: failure(
    'refused',
    ({ account, sequence, reason }: { account: string; sequence: number; reason: string }) =>
      `No quorum of witnesses will ever be for line ${sequence} of account ${account}, so it was given up: ${reason}.`,
    'Ask for another payment: nothing was paid with this one.',
  ),
  PAYMENT_GIVEN_UP: failure(
    'conflict',
    ({ purpose }: { purpose: string }) => `The payment for ${purpose} was given up before anything was signed for it.`,
    'Ask for it again if it is still wanted.',
  ),
  NOTHING_HELD: failure(
    'not-found',
    ({ agreement }: { agreement: string }) => `Nothing is set aside for the agreement ${agreement}.`,
    'Its buyer has not paid what was agreed yet.',
  ),
  CLOSING_REFUSED: failure(
    'refused',
    ({ agreement, reason }: { agreement: string; reason: string }) =>
      `The agreement ${agreement} cannot be closed like this: ${reason}.`,
    'See what both sides have signed with `clawbernetes molt job info`.',
  ),
  BOOKS_BROKEN: failure(
    'refused',
    ({ line, problem }: { line: string; problem: string }) => `The books are not whole at ${line}: ${problem}.`,
    'Keep a copy of the data directory, and ask the witnesses what they have with `clawbernetes molt wallet`.',
  ),
}

const networkFailures = {
  MOLT_NOT_CONNECTED: failure(
    'unavailable',
    ({ reason }: { reason: string }) => `This node is not connected to a MOLT network: ${reason}.`,
    'See where it stands with `clawbernetes molt status`; take part with `clawbernetes molt join`.',
  ),
  MOLT_NETWORK_EXISTS: failure(
    'conflict',
    ({ network, name }: { network: string; name: string }) =>
      `The mesh takes part in the MOLT network ${name} (${network}) already.`,
    'Go on in that one, or give it up first with `clawbernetes molt network leave`.',
  ),
  MOLT_NO_NETWORK: failure(
    'not-found',
    ({ mesh }: { mesh: string }) => `The mesh ${mesh} takes part in no MOLT network.`,
    'Make one with `clawbernetes molt network create`, or join another mesh’s with `clawbernetes molt network join FILE`.',
  ),
  MOLT_TOO_FEW_WITNESSES: failure(
    'unavailable',
    ({ answered, voters, silent }: { answered: number; voters: number; silent: string }) =>
      `Only ${answered} of ${voters} voters can be witnesses now, and it takes a majority: ${silent} did not answer.`,
    'Start those nodes, or take them out of the voters with `clawbernetes gateway voters`, and try again.',
  ),
  MOLT_NETWORK_INVALID: failure(
    'invalid',
    ({ problem }: { problem: string }) => `That is no MOLT network that can be joined: ${problem}.`,
    'Have the other mesh write it anew with `clawbernetes molt network export`.',
  ),
  MARKET_KEY_CORRUPT: failure(
    'internal',
    ({ file }: { file: string }) => `${file} holds no key for the market.`,
    'Restore it from a backup: what the node owns in a MOLT network is under this key.',
  ),
}

const leaseFailures = {
  GPU_UNCLEAN: failure(
    'conflict',
    ({ device, detail }: { device: string; detail: string }) =>
      `GPU ${device} is not given to a guest before it is clean: ${detail}.`,
    'See what is left on it with `clawbernetes molt status` at its node; who rents goes on to another provider by itself.',
  ),
  LEASE_UNKNOWN: failure(
    'not-found',
    ({ agreement }: { agreement: string }) => `There is no lease for the agreement ${agreement} here.`,
    'See the leases of this node with `clawbernetes molt leases`, and what it has bought with `clawbernetes molt jobs`.',
  ),
  LEASE_DATA_GONE: failure(
    'not-found',
    ({ agreement, why }: { agreement: string; why: string }) =>
      `There is nothing to be fetched of the agreement ${agreement}: ${why}.`,
    'What work leaves can be fetched once it is over, as long as its provider keeps it: see `clawbernetes molt job info`.',
  ),
}

const disputeFailures = {
  DISPUTE_UNKNOWN: failure(
    'not-found',
    ({ dispute }: { dispute: string }) =>
      `This node knows of no dispute ${dispute}, or of several that begin like that.`,
    'See those that concern it with `clawbernetes molt dispute list`.',
  ),
  DISPUTE_REFUSED: failure(
    'refused',
    ({ agreement, problem }: { agreement: string; problem: string }) =>
      `Nothing can be done about the agreement ${agreement} like this: ${problem}.`,
    'See how it stands with `clawbernetes molt dispute info`, `clawbernetes molt job info` or `clawbernetes molt lease info`.',
  ),
}

const buyingFailures = {
  MOLT_JOB_NOT_FOUND: failure(
    'not-found',
    ({ job }: { job: string }) => `There is no job ${job} that this node has others run.`,
    'See what there is with `clawbernetes molt jobs`; each node knows its own.',
  ),
  MOLT_JOB_NOT_PLACED: failure(
    'refused',
    ({ job, state }: { job: string; state: string }) => `No provider runs the job ${job} now: it is ${state}.`,
    'See how it stands with `clawbernetes molt job info`.',
  ),
  MOLT_NOTHING_LEFT: failure(
    'not-found',
    ({ job }: { job: string }) =>
      `There is nothing to be fetched of the job ${job}: it has no folders for that, or its work is not over.`,
    'Name folders that the work fills with `--output` when it is requested, and see how it stands with `clawbernetes molt job info`.',
  ),
  MOLT_DATA_BAD: failure(
    'refused',
    ({ what, problem }: { what: string; problem: string }) => `${what} cannot be unpacked: ${problem}.`,
    'Whoever has sent it has sent something else than files and folders, or not all of them. Nothing of it was kept.',
  ),
  MOLT_NO_BIDS: failure(
    'capacity',
    ({ found }: { found: string }) => `No provider would run it: ${found}.`,
    'See what there is with `clawbernetes molt market`; ask for less, for longer or shorter, pay more, or accept other ways to be kept apart.',
  ),
  MOLT_QUOTE_GONE: failure(
    'conflict',
    ({ quote }: { quote: string }) => `No bid of quote ${quote} holds any more, or it was for something else.`,
    'Nothing was submitted. Ask for a new quote, look at its bids, and name that one within a minute.',
  ),
  MOLT_TOO_MANY_JOBS: failure(
    'capacity',
    ({ most }: { most: number }) => `This node has ${most} jobs under way, and no more at a time.`,
    'Wait for some of them to end, or cancel them with `clawbernetes molt cancel`.',
  ),
}

export const moltFailures = {
  ...networkFailures,
  ...accountFailures,
  ...leaseFailures,
  ...buyingFailures,
  ...disputeFailures,
}
