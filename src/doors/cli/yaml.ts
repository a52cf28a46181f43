/** YAML's writer, in a file of its own: a bundle keeps the names of a CommonJS package only for static imports. */
export { stringify } from 'yaml'
