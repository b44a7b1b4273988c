// What is known of a conversation, put together: the newest messages, those before them that were asked for, and what came since.

/** A talk of what `look` gave (`found`), what is known of it already (undefined: nothing) and messages that came meanwhile. */
export function joined(found, known, early) {
  const last = found.messages.at(-1)?.sequence ?? 0;
  const came = [...(known?.messages ?? []), ...early].filter(({ sequence }) => sequence > last);
  const older = olderThan(found.messages[0], known);
  return { ...found, messages: [...older, ...found.messages, ...came], has_earlier: older.length ? known.has_earlier : found.has_earlier };
}

// Only where nothing is missing between them: after a long cut more may have been said than is given at once.
function olderThan(first, known) {
  const place = known ? known.messages.findIndex(({ sequence }) => sequence === first?.sequence) : -1;
  return place > 0 ? known.messages.slice(0, place) : [];
}

/** The nodes of messages and of notes in their order; `node(entry)` gives that of either. Both come oldest first. */
export function inOrder({ messages, notes }, node) {
  const left = [...notes];
  const nodes = [];
  for (const message of messages) {
    while (left.length && new Date(left[0].at) < new Date(message.sent_at)) nodes.push(node(left.shift()));
    nodes.push(node(message));
  }
  return [...nodes, ...left.map(node)];
}
