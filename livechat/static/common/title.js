// The count of unread messages in front of the page's title: "(2) Live Chat".

/** @returns {(count: number) => void} */
export function createTitle() {
  let mark = '';
  return (count) => {
    // the page may have changed its title since: remove only our own prefix
    const plain = document.title.startsWith(mark) ? document.title.slice(mark.length) : document.title;
    mark = count ? `(${count}) ` : '';
    document.title = mark + plain;
  };
}
