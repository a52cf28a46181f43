import { ClawError } from '../../../../model/failure.ts'
import { taintEffects, taintInWords } from '../../../../model/label.ts'
import { command } from '../../line/command.ts'

export default command({
  name: 'node taint',
  about: 'Keep work away from a node unless it tolerates that.',
  details:
    'NoSchedule keeps new work away, PreferNoSchedule does where there is another node, NoExecute moves what runs there as well.',
  positionals: {
    node: { about: 'Name or id of the node', completes: 'node' },
    taints: { about: 'KEY=VALUE:EFFECT or KEY:EFFECT to set, KEY:EFFECT- or KEY- to take away', rest: true },
  },
  options: {},
  examples: [
    'node taint gpu-node-1 team=vision:NoSchedule',
    'node taint gpu-node-1 maintenance:NoExecute',
    'node taint gpu-node-1 maintenance:NoExecute- team-',
  ],

  async run({ node, taints: words }, { api: connect, out, signal }) {
    const parsed = words.map(taintIn)
    const add = parsed.flatMap((one) => (one.isGoing ? [] : [{ ...one.taint, effect: effectOf(one.taint.effect) }]))
    const remove = parsed.flatMap(({ isGoing, taint: { key, effect } }) =>
      isGoing ? [effect === undefined ? { key } : { key, effect: effectOf(effect) }] : [],
    )
    const api = await connect()
    await out.result(await api.call('node.taint', { node, add, remove }, signal), ({ name, taints }) =>
      taints.length === 0 ? [`${name} has no taints`] : taints.map(taintInWords),
    )
    return undefined
  },
})

interface Word {
  readonly isGoing: boolean
  readonly taint: { readonly key: string; readonly value: string; readonly effect: string | undefined }
}

/** As kubectl spells them. */
function taintIn(word: string): Word {
  const [, key, value = '', effect, minus] = /^([^=:]+?)(?:=([^:]*))?(?::([A-Za-z]+))?(-)?$/.exec(word) ?? []
  const isGoing = minus !== undefined
  if (key === undefined || (!isGoing && effect === undefined))
    throw new ClawError('INVALID_REQUEST', {
      problem: `${word} is none of KEY=VALUE:EFFECT, KEY:EFFECT, KEY:EFFECT-, KEY-`,
    })
  return { isGoing, taint: { key, value, effect } }
}

function effectOf(text: string | undefined): (typeof taintEffects)[number] {
  const effect = taintEffects.find((one) => one.toLowerCase() === text?.toLowerCase())
  if (effect !== undefined) return effect
  throw new ClawError('INVALID_REQUEST', { problem: `${text ?? ''} is none of ${taintEffects.join(', ')}` })
}
