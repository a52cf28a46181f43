import { randomBytes } from 'node:crypto'
import { MemoryImages } from '../support/memory-images.ts'
import { imageStoreConformance } from './image-store.ts'

imageStoreConformance('in-memory', () => {
  const store = new MemoryImages()
  const make = (name: string) => Promise.resolve(store.put(name, randomBytes(100_000)))
  return Promise.resolve({ store, make, dispose: () => Promise.resolve() })
})
