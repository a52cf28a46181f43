import fc from 'fast-check'
import { expect, test } from 'vitest'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import { covers, missing, withIndex } from '../../../../src/core/jobs/ranges.ts'
import type { IndexRange } from '../../../../src/model/job.ts'
import { JobLab, render } from '../../../support/job-lab.ts'

const happening = fc.record({
  what: fc.constantFrom(
    ...(['lead', 'lead', 'lead', 'well', 'well', 'well', 'badly', 'lose', 'stop', 'late', 'time'] as const),
    ...(['suspend', 'resume'] as const),
  ),
  pick: fc.nat(1_000),
})

const sample = fc.record({
  completions: fc.integer({ min: 1, max: 8 }),
  parallelism: fc.integer({ min: 1, max: 5 }),
  backoffLimit: fc.integer({ min: 0, max: 4 }),
  backoffMs: fc.constantFrom(0, 1_000),
})

/** A decision that its leader could not commit before another one led. */
interface Late {
  command: Command | null
}

function happen(lab: JobLab, late: Late, { what, pick }: { readonly what: string; readonly pick: number }): void {
  const run = lab.live[pick % Math.max(1, lab.live.length)]
  switch (what) {
    case 'lead': {
      const command = lab.command()
      if (command === null) return
      // Half of the leaders die before they are heard, and are heard afterwards.
      if (pick % 2 === 0) late.command = command
      lab.run(command)
      return
    }
    case 'late':
      if (late.command !== null) lab.run(late.command)
      return
    case 'well':
      return run === undefined ? undefined : lab.end(run, 0, `r${pick}`)
    case 'badly':
      return run === undefined ? undefined : lab.end(run, 1)
    case 'lose':
      if (run !== undefined) lab.run({ type: 'lose', placement: lab.placed(run), reason: 'its node was lost' })
      return
    case 'stop':
      if (run !== undefined) lab.run({ type: 'request-stop', workload: run.id, force: false })
      return
    case 'time':
      lab.at += pick * 10
      return
    case 'suspend':
      lab.run({ type: 'suspend-job', job: render })
      return
    case 'resume':
      lab.run({ type: 'resume-job', job: render })
      return
  }
}

test('whatever happens, no more than parallelism run at once, no index succeeds twice, and what is counted is what was done', () => {
  fc.assert(
    fc.property(sample, fc.array(happening, { maxLength: 80 }), (settings, happenings) => {
      const lab = new JobLab(settings)
      const late: Late = { command: null }
      for (const each of happenings) happen(lab, late, each)
      expect(lab.most).toBeLessThanOrEqual(settings.parallelism)
      expect([...lab.successes.values()].every((times) => times === 1)).toBe(true)
      expect(lab.job?.succeeded).toBe(lab.successes.size)
      expect(lab.job?.succeeded).toBeLessThanOrEqual(settings.completions)
      const text = snapshot(lab.book.state)
      expect(snapshot(restore(text))).toEqual(text)

      // Left alone, it comes to its end.
      lab.run({ type: 'resume-job', job: render })
      for (let round = 0; round < 60 && lab.job?.endedAt === null; round += 1) {
        lab.at += 400_000
        lab.lead()
        for (const run of lab.live) lab.end(run, 0)
        lab.lead()
      }
      const { state, succeeded } = lab.job ?? { state: 'gone', succeeded: 0 }
      expect(['completed', 'failed']).toContain(state)
      if (state === 'completed') expect(succeeded).toBe(settings.completions)
      expect(lab.live).toEqual([])
    }),
    { numRuns: 300 },
  )
})

test('the same commands give the same job on every peer', () => {
  fc.assert(
    fc.property(sample, fc.array(happening, { maxLength: 40 }), (settings, happenings) => {
      const labs = [new JobLab(settings), new JobLab(settings)]
      const lates: Late[] = [{ command: null }, { command: null }]
      for (const each of happenings)
        for (const [i, lab] of labs.entries()) happen(lab, lates[i] ?? { command: null }, each)
      expect(labs[0]?.job).toEqual(labs[1]?.job)
    }),
    { numRuns: 50 },
  )
})

test('ranges hold exactly what was put into them, and name exactly what is missing', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(60)), fc.uniqueArray(fc.nat(60)), fc.nat(70), (indexes, busy, most) => {
      const ranges = indexes.reduce<readonly IndexRange[]>((all, index) => withIndex(all, index), [])
      const all = Array.from({ length: 61 }, (_, index) => index)
      expect(all.filter((index) => covers(ranges, index))).toEqual(indexes.toSorted((a, b) => a - b))
      for (const [i, [first]] of ranges.entries()) expect(first).toBeGreaterThan((ranges[i - 1]?.[1] ?? -2) + 1)
      const others = new Set(busy)
      const wanted = all.filter((index) => !indexes.includes(index) && !others.has(index)).slice(0, most)
      expect(missing(ranges, { count: 61, others, most })).toEqual(wanted)
    }),
  )
})

test('given a job that is decided on twice, when both decisions are committed, then only the first counts', () => {
  const lab = new JobLab({ completions: 4, parallelism: 4 })
  const [first, second] = [lab.command(), lab.command()]
  if (first === null || second === null) throw new Error('there is something to do')
  expect(lab.run(first)).toBe(null)
  expect(lab.run(second)).toBe('JOB_BUSY')
  expect(lab.live.map(({ run }) => run?.index)).toEqual([0, 1, 2, 3])
  expect(lab.live.every(({ submittedBy }) => submittedBy === 'socket')).toBe(true)
  expect(lab.live[0]?.spec.namespace).toBe('default')
})
