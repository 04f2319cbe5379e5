// The focus stays in the widget. A control that is disabled, hidden or removed while it has the focus would leave it,
// and the next key, to the notebook. Instead the nearest element around it that can have the focus borrows it: it takes
// no key, Tab goes on from there, and the control has the focus again once it can.

/** Returns `check`, to be called after each change of the page, and `stop`. */
function keepFocusIn(root) {
  // `path`: what has the focus, and all around it up to the root. Empty once the reader has gone elsewhere.
  const focus = { root, path: [], borrower: null, owner: null };
  const enter = (event) => enterFocus(focus, event.target);
  const leave = (event) => queueMicrotask(() => leaveFocus(focus, event.target));
  root.addEventListener("focusin", enter);
  root.addEventListener("focusout", leave);
  if (root.contains(document.activeElement)) enterFocus(focus, document.activeElement);
  return {
    check: () => checkFocus(focus),
    stop: () => {
      root.removeEventListener("focusin", enter);
      root.removeEventListener("focusout", leave);
    },
  };
}

function enterFocus(focus, element) {
  focus.path = [];
  for (let each = element; each !== focus.root; each = each.parentElement) focus.path.push(each);
  focus.path.push(focus.root);
  if (element !== focus.borrower) focus.borrower = focus.owner = null;
}

// An element that is removed, hidden or disabled is left as well, and is none of the reader's doing. Another window is
// no other place.
function leaveFocus(focus, element) {
  if (element === focus.path[0] && element !== document.activeElement && canHaveFocus(element)) focus.path = [];
}

function checkFocus(focus) {
  const [last] = focus.path;
  if (!last) return;
  if (last === focus.borrower && canHaveFocus(focus.owner)) focus.owner.focus({ preventScroll: true });
  else if (!canHaveFocus(last)) lendFocus(focus);
}

function lendFocus(focus) {
  const [last, ...around] = focus.path;
  const owner = last === focus.borrower ? focus.owner : last;
  const borrower = around.find(canHaveFocus);
  if (!borrower) return;
  if (borrower.tabIndex < 0) borrower.tabIndex = -1; // as an attribute: it can have the focus, and Tab passes it over
  borrower.focus({ preventScroll: true });
  Object.assign(focus, { borrower, owner });
}

function canHaveFocus(element) {
  return element.checkVisibility() && !element.matches(":disabled") && !element.closest("[inert]");
}
