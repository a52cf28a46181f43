/** The commands on the MOLT network, as rows of the registry. */
import type { Row } from './row.ts'

export const moltRows: readonly Row[] = [
  {
    path: 'molt join',
    about: 'Have a node take part in the MOLT network: lend its GPUs, or only buy.',
    load: () => import('../commands/molt/join.ts'),
  },
  {
    path: 'molt leave',
    about: 'Have a node take part in the MOLT network no more.',
    load: () => import('../commands/molt/leave.ts'),
  },
  {
    path: 'molt status',
    about: 'Show how a node takes part in the MOLT network, and whom it reaches there.',
    load: () => import('../commands/molt/status.ts'),
  },
  {
    path: 'molt policy show',
    about: 'Show at which terms a node lends its GPUs to strangers.',
    load: () => import('../commands/molt/policy/show.ts'),
  },
  {
    path: 'molt policy set',
    about: 'Set at which terms a node lends its GPUs to strangers.',
    load: () => import('../commands/molt/policy/set.ts'),
  },
  {
    path: 'molt policy validate',
    about: 'Say what would follow from a policy for lending, without setting it.',
    load: () => import('../commands/molt/policy/validate.ts'),
  },
  {
    path: 'molt leases',
    about: 'List the bids and leases of a node that lends.',
    load: () => import('../commands/molt/leases.ts'),
  },
  {
    path: 'molt lease info',
    about: 'Show one lease of a node that lends: its terms, its meter, its work, and how it was closed.',
    load: () => import('../commands/molt/lease/info.ts'),
  },
  {
    path: 'molt earnings',
    about: 'Show what a node has earned by lending its GPUs.',
    load: () => import('../commands/molt/earnings.ts'),
  },
  {
    path: 'molt market',
    about: 'Show which GPUs strangers lend now, and at which rates.',
    load: () => import('../commands/molt/market.ts'),
  },
  {
    path: 'molt request',
    about: 'Have a stranger run a container on its GPUs, and pay for what it uses.',
    load: () => import('../commands/molt/request.ts'),
  },
  {
    path: 'molt submit',
    about: 'Have a stranger run what a file says, and pay for what it uses.',
    load: () => import('../commands/molt/submit.ts'),
  },
  {
    path: 'molt jobs',
    about: 'List the jobs that strangers run for a node.',
    load: () => import('../commands/molt/jobs.ts'),
  },
  {
    path: 'molt job info',
    about: 'Show a job that strangers run: its providers, how it stands, and what it costs.',
    load: () => import('../commands/molt/job/info.ts'),
  },
  {
    path: 'molt job outputs',
    about: 'Fetch what the work of a job has left, from the provider that keeps it.',
    load: () => import('../commands/molt/job/outputs.ts'),
  },
  {
    path: 'molt logs',
    about: 'Show what a job prints that strangers run.',
    load: () => import('../commands/molt/logs.ts'),
  },
  {
    path: 'molt exec',
    about: 'Run a further command in the work of a job, at its provider.',
    load: () => import('../commands/molt/exec.ts'),
  },
  {
    path: 'molt cancel',
    about: 'End a job that strangers run.',
    load: () => import('../commands/molt/cancel.ts'),
  },
  {
    path: 'molt config show',
    about: 'Show what a node may spend on work that strangers run, and from whom it takes.',
    load: () => import('../commands/molt/config/show.ts'),
  },
  {
    path: 'molt config set',
    about: 'Set what a node may spend on work that strangers run, and from whom it takes.',
    load: () => import('../commands/molt/config/set.ts'),
  },
  {
    path: 'molt wallet',
    about: 'Show the account of a node: what is on it, what is set aside, and what the witnesses say of it.',
    load: () => import('../commands/molt/wallet.ts'),
  },
  {
    path: 'molt balance',
    about: 'Show what is on an account: the own one, or any other of the network.',
    load: () => import('../commands/molt/balance.ts'),
  },
  {
    path: 'molt transfer',
    about: 'Pay from the account of a node to any other.',
    load: () => import('../commands/molt/transfer.ts'),
  },
  {
    path: 'molt statement',
    about: 'List what has come and gone on the account of a node.',
    load: () => import('../commands/molt/statement.ts'),
  },
  {
    path: 'molt probe',
    about: 'Challenge a provider to show that it has the memory that it lends.',
    load: () => import('../commands/molt/probe.ts'),
  },
  {
    path: 'molt findings',
    about: 'Show what a node has found out itself about providers, and how sure it is of each because of that.',
    load: () => import('../commands/molt/findings.ts'),
  },
  {
    path: 'molt reputation',
    about:
      'Show what a node knows of those with whom it has closed agreements, or of anybody by what others have closed, and what each score follows from.',
    load: () => import('../commands/molt/reputation.ts'),
  },
  {
    path: 'molt dispute open',
    about: 'Have the arbiters of an agreement judge what its provider gets.',
    load: () => import('../commands/molt/dispute/open.ts'),
  },
  {
    path: 'molt dispute list',
    about: 'List the disputes that concern a node, as a party or as an arbiter.',
    load: () => import('../commands/molt/dispute/list.ts'),
  },
  {
    path: 'molt dispute info',
    about: 'Show one dispute: what each side has put forward, and what each arbiter has signed.',
    load: () => import('../commands/molt/dispute/info.ts'),
  },
  {
    path: 'molt dispute evidence',
    about: 'Read what a side of a dispute has put forward.',
    load: () => import('../commands/molt/dispute/evidence.ts'),
  },
  {
    path: 'molt verdict',
    about: 'As an arbiter, sign what the provider of an agreement gets.',
    load: () => import('../commands/molt/verdict.ts'),
  },
  {
    path: 'molt verify',
    about: 'Check every signature, link and sum of an account.',
    load: () => import('../commands/molt/verify.ts'),
  },
  {
    path: 'molt network create',
    about: 'Make a MOLT network whose witnesses are the voters of this mesh.',
    load: () => import('../commands/molt/network/create.ts'),
  },
  {
    path: 'molt network info',
    about: 'Show the MOLT network that the mesh takes part in.',
    load: () => import('../commands/molt/network/info.ts'),
  },
  {
    path: 'molt network export',
    about: 'Write a file with which another mesh can join the MOLT network.',
    load: () => import('../commands/molt/network/export.ts'),
  },
  {
    path: 'molt network join',
    about: 'Have the mesh take part in the MOLT network of another mesh.',
    load: () => import('../commands/molt/network/join.ts'),
  },
  {
    path: 'molt network leave',
    about: 'Have the mesh take part in no MOLT network any more.',
    load: () => import('../commands/molt/network/leave.ts'),
  },
]
