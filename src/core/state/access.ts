/** Who may come in: join tokens for hosts, keys for operators. */
import type { Instant } from '../../model/time.ts'
import { firstVersion } from '../../model/version.ts'
import type { State } from './state.ts'
import { limits } from './state.ts'
import type { Step } from './step.ts'
import { accepted, emit, refused } from './step.ts'
import type { CommandOf, Outcome } from './types.ts'
import type { JoinToken } from '../../model/access.ts'

export function createToken(step: Step, { token }: CommandOf<'create-token'>): Outcome {
  const { state, at, by } = step
  if (state.tokens.has(token.id)) return refused('INVALID_REQUEST', { problem: 'a token with this id exists already' })
  sweepTokens(state, at)
  if (state.tokens.size >= limits.tokens) return refused('RATE_LIMITED', { who: by })

  state.tokens.set(token.id, { ...token, usedBy: null })
  emit(step, { type: 'token.created', message: `${token.createdBy} made a join token` })
  return accepted()
}

/** Tokens that have run out can let nobody in any more, whether they were used or not. */
function sweepTokens(state: State, at: Instant): void {
  for (const [id, token] of state.tokens) if (token.notAfter < at) state.tokens.delete(id)
}

/**
 * The token when it lets this node in, otherwise why it does not. A used token serves its node again, so that a lost answer can
 * be asked for once more, but only while the node is a member: removal ends it.
 */
export function redeem({ state, at }: Step, command: CommandOf<'admit'>): JoinToken | Outcome {
  const token = state.tokens.get(command.tokenId)
  if (token === undefined) return refused('TOKEN_INVALID', { reason: 'the mesh does not know it' })
  if (token.secretHash !== command.secretHash) return refused('TOKEN_INVALID', { reason: 'its secret is wrong' })
  if (token.notAfter < at) return refused('TOKEN_INVALID', { reason: 'it has expired' })
  const isRepeat = token.usedBy === command.member.id && state.members.has(command.member.id)
  if (token.usedBy !== null && !isRepeat) return refused('TOKEN_INVALID', { reason: 'it was used already' })
  return token
}

export function addOperator(step: Step, { key, name }: CommandOf<'add-operator'>): Outcome {
  const { state, at, by, changes } = step
  const known = state.operators.get(key)
  // Builds of the first version let it have another name.
  if (known !== undefined && known.name !== name && state.version > firstVersion.newest)
    return refused('INVALID_REQUEST', { problem: `this key is that of ${known.name}, and has to be removed first` })
  if (!state.operators.has(key) && state.operators.size >= limits.operators) return refused('RATE_LIMITED', { who: by })
  state.operators.set(key, { key, name, addedAt: state.operators.get(key)?.addedAt ?? at })
  changes.push({ type: 'operator', key })
  emit(step, { type: 'operator.added', message: `Operator ${name} may attach from outside` })
  return accepted()
}

export function removeOperator(step: Step, { key }: CommandOf<'remove-operator'>): Outcome {
  const { state, changes } = step
  const operator = state.operators.get(key)
  if (operator === undefined) return accepted()
  state.operators.delete(key)
  changes.push({ type: 'operator', key })
  emit(step, { type: 'operator.removed', message: `Operator ${operator.name} may no longer attach` })
  return accepted()
}
