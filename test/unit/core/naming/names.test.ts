import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NameIndex } from '../../../../src/core/naming/names.ts'
import type { workloadId } from '../../../../src/model/ids.ts'
import { groupId } from '../../../../src/model/ids.ts'
import { ada, meshOf, submit } from '../../../support/control-samples.ts'
import { create, startOn, web } from '../../../support/deployment-samples.ts'

const asked = ['a', 'b', 'web', 'train', 'train-0', 'rank-0.train', 'rank-1.train', 'train.team', 'nobody']
const steps = [
  'a',
  'b',
  'web',
  'train',
  'other',
  'create',
  'remove',
  'stop-a',
  'stop-web',
  'stop-train',
  'start-a',
] as const

test('an index that is told of what changes says the same as one that is made anew', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...steps), { maxLength: 25 }), (plan) => {
      const book = meshOf([ada])
      const kept = new NameIndex(book.state)
      const run = (command: Parameters<typeof book.run>[0]): void => kept.heed(book.run(command).changes)
      const stop = (workload: ReturnType<typeof workloadId> | ReturnType<typeof groupId>): void =>
        run({ type: 'request-stop', workload, force: true })
      plan.forEach((step, i) => {
        if (step === 'train') run(submit(groupId(`g-${i}`), { parts: { count: 2, gang: true } }, 'train'))
        else if (step === 'other') run(submit(`wl-${i}`, { namespace: 'team' }, 'train'))
        else if (step === 'create') run(create({ replicas: 0 }))
        else if (step === 'remove') run({ type: 'delete-deployment', deployment: web })
        else if (step === 'start-a') {
          for (const { id, name, state } of [...book.state.workloads.values()])
            if (name === 'a' && state === 'pending') {
              startOn(book, id, ada)
              kept.heed([{ type: 'workload', workload: id }])
            }
        } else if (step.startsWith('stop-')) {
          for (const { id, name } of [...book.state.workloads.values()])
            if (name.startsWith(step.slice('stop-'.length))) stop(id)
        } else run(submit(`wl-${i}`, {}, step))
      })
      const fresh = new NameIndex(book.state)
      for (const name of asked.flatMap((one) => [`${one}.default`, `${one}.team`])) {
        expect([name, kept.find(name)]).toEqual([name, fresh.find(name)])
        expect([name, kept.hasBelow(name)]).toEqual([name, fresh.hasBelow(name)])
      }
      for (const name of ['default', 'team', 'x']) expect(kept.hasNamespace(name)).toBe(fresh.hasNamespace(name))
    }),
    { numRuns: 60 },
  )
})
