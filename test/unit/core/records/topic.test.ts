/** Under what offers are found, and when they are said again. */
import { expect, test } from 'vitest'
import { renewalAt } from '../../../../src/core/records/republish.ts'
import { memoryClass, topicOf, topicsAt } from '../../../../src/core/records/topic.ts'
import { day, hour, minute } from '../../../../src/model/time.ts'
import { noon } from '../../../support/molt/records.ts'

const index = { family: 'h100', memoryGib: 80, region: 'eu-west' }
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('a topic is of an hour, and whoever looks asks for the one before as well', () => {
  const [now, before] = topicsAt('molt', index, noon).map(hex)
  expect(now).toBe(hex(topicOf('molt', index, noon + hour - (noon % hour) - 1)))
  expect(before).toBe(hex(topicOf('molt', index, noon - hour)))
  expect(now).not.toBe(hex(topicOf('molt', index, noon + hour)))
})

test('every part of it makes another topic', () => {
  const others = [{ family: 'a100' }, { memoryGib: 96 }, { region: 'any' }].map((part) => ({ ...index, ...part }))
  const topics = [topicOf('other', index, noon), ...[index, ...others].map((each) => topicOf('molt', each, noon))]
  expect(new Set(topics.map(hex)).size).toBe(5)
})

test.each([
  ['NVIDIA H100 80GB HBM3', 81_559, 80],
  ['NVIDIA A100-SXM4-40GB', 40_960, 40],
  ['NVIDIA L4', 23_034, 24],
  ['NVIDIA H200', 143_771, 141],
  ['AMD Instinct MI300X', 196_592, 192],
  ['none to speak of', 2_000, 0],
])('%s has the memory that it is sold with', (_, mib, gib) => {
  expect(memoryClass(mib)).toBe(gib)
})

test('a record is said again after a third of its life, or after half a day, and a little sooner as chance has it', () => {
  const life = (span: number) => ({ issuedAt: noon, endOfLife: noon + span })
  expect(renewalAt(life(hour), 0)).toBe(noon + 20 * minute)
  expect(renewalAt(life(hour), 1)).toBe(noon + 18 * minute)
  expect(renewalAt(life(2 * day), 0)).toBe(noon + 12 * hour)
})
