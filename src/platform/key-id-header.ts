/**
 * Between our own processes alone: the id of the API key in whose name a request is made. A worker that has let a key in
 * names it to control, and control names one to a worker whose inner socket it asks. It is believed on Unix sockets in a
 * folder that only the installation's account can open; what a client sends under this name is dropped (pass-on.ts).
 */
export const KEY_ID_HEADER = 'x-tradewind-key-id'
