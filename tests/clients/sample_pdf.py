"""A one-page PDF to sign, drawn with pyHanko's own writer."""

from io import BytesIO

from pyhanko.pdf_utils.generic import DictionaryObject, StreamObject, pdf_name
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter

A4 = (0, 0, 595, 842)
LEFT, TOP = 72, 742

# The box for the visible signature, in points from the lower left corner.
STAMP_BOX = (LEFT, 500, 523, 560)


def page(title: str, lines: list[str]) -> BytesIO:
    """A page with a title and some lines of text below it."""
    drawing = [f"BT /Sans 24 Tf {LEFT} {TOP} Td ({_escape(title)}) Tj"]
    drawing += ["/Sans 11 Tf 0 -36 Td 16 TL"]
    drawing += [f"({_escape(line)}) Tj T*" for line in lines]
    drawing += ["ET"]

    writer = PdfFileWriter()
    sans = DictionaryObject({
        pdf_name("/Type"): pdf_name("/Font"),
        pdf_name("/Subtype"): pdf_name("/Type1"),
        pdf_name("/BaseFont"): pdf_name("/Helvetica"),
    })
    fonts = DictionaryObject({pdf_name("/Sans"): writer.add_object(sans)})
    contents = StreamObject(stream_data="\n".join(drawing).encode("latin-1", "replace"))
    writer.insert_page(
        PageObject(
            contents=writer.add_object(contents),
            media_box=A4,
            resources=DictionaryObject({pdf_name("/Font"): fonts}),
        )
    )
    pdf = BytesIO()
    writer.write(pdf)
    pdf.seek(0)
    return pdf


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
