/** What a node owns in its MOLT network, as commands show it. */
import type { OutputOf } from '../../../operations/registry.ts'
import { facts } from './words.ts'

type Wallet = OutputOf<'molt.wallet'>
type Found = OutputOf<'molt.verify'>

export const walletFacts = (wallet: Wallet): readonly string[] =>
  facts([
    ['Node', wallet.node],
    ['Account', wallet.account],
    ['Network', `${wallet.network.name} (${wallet.network.id})`],
    ['Balance', wallet.balance.inWords],
    ['Spendable', wallet.spendable.inWords],
    ...(wallet.limit === null ? [] : [['Issuer', `may go ${wallet.limit.inWords} below nothing`] as const]),
    ...wallet.setAside.map(
      ({ agreement, isOwn, with: other, amount, isClosing }) =>
        [
          isOwn ? 'Set aside' : 'Set aside for it',
          `${amount.inWords} for ${agreement.slice(0, 12)} with ${other}${isClosing ? ', being closed' : ''}`,
        ] as const,
    ),
    ['On its way', wayInWords(wallet.onItsWay)],
    ['Lines', String(wallet.lines)],
    ['Witnesses', witnessesInWords(wallet)],
  ])

const wayInWords = (way: Wallet['onItsWay']): string =>
  way === null ? 'nothing' : `${way.amount.inWords} to ${way.to.join(', ')} as line ${way.sequence} (${way.key})`

function witnessesInWords({ witnesses, problem }: Wallet): string {
  if (witnesses === null) return problem ?? 'they say nothing'
  const { answered, agree, balance, sequence } = witnesses
  return agree
    ? `${answered} asked: they say the same`
    : `${answered} asked: they say ${balance.inWords} after line ${sequence}`
}

const checkedInWords = {
  ...{ books: 'the books of this node', witnesses: 'what the witnesses have', file: 'the file' },
  evidence: 'what a side of a dispute has put forward',
} as const

export const verdictFacts = ({ of, account, network, isWhole, lines, balance, broken }: Found): readonly string[] =>
  facts([
    ['Account', account],
    ['Network', network],
    ['Checked', checkedInWords[of]],
    ['Verdict', isWhole ? 'whole' : `broken at ${broken?.at ?? 0}, ${broken?.line ?? ''}: ${broken?.problem ?? ''}`],
    ...(isWhole ? [['Lines', String(lines)] as const, ['Balance', balance?.inWords ?? ''] as const] : []),
  ])
