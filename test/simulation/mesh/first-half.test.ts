/** One half of the seeds: the two run side by side. */
import { expect, test } from 'vitest'
import { halfOfThem, patience, playShard, tooRare } from '../../support/world/seeds.ts'

test(halfOfThem, async () => expect(tooRare(await playShard(0, 2))).toEqual([]), patience)
