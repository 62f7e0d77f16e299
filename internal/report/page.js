(function () {
  "use strict";
  var form = document.getElementById("filter");
  if (!form) return;
  var words = document.getElementById("words");
  var shown = document.getElementById("shown");
  var boxes = form.querySelectorAll("input[type=checkbox]");
  var cards = Array.prototype.map.call(document.querySelectorAll(".card"), function (card) {
    return { card: card, severity: card.dataset.severity, text: card.textContent.toLowerCase() };
  });
  function filter() {
    var wanted = words.value.toLowerCase().split(/\s+/);
    var severities = {};
    boxes.forEach(function (box) { severities[box.value] = box.checked; });
    var n = 0;
    cards.forEach(function (c) {
      var hide = severities[c.severity] === false || !wanted.every(function (w) { return c.text.includes(w); });
      c.card.hidden = hide;
      if (!hide) n++;
    });
    shown.textContent = n === cards.length ? "" : n + " of " + cards.length;
  }
  form.addEventListener("input", filter);
  form.addEventListener("submit", function (e) { e.preventDefault(); });
  form.hidden = false;
  filter();
})();
