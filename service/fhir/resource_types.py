"""The names of FHIR's resource types, STU3 to R5: what is none of them is not FHIR."""

#: Read and used by Myoflag; every other type is named in an issue and left aside.
READ = frozenset(
    {
        "Bundle",
        "Condition",
        "DiagnosticReport",
        "Flag",
        "Medication",
        "MedicationAdministration",
        "MedicationRequest",
        "MedicationStatement",
        "Observation",
        "Patient",
        "Specimen",
    }
)

_OTHERS = """
    Account ActivityDefinition ActorDefinition AdministrableProductDefinition AdverseEvent
    AllergyIntolerance Appointment AppointmentResponse ArtifactAssessment AuditEvent Basic Binary
    BiologicallyDerivedProduct BiologicallyDerivedProductDispense BodySite BodyStructure
    CapabilityStatement CarePlan CareTeam CatalogEntry ChargeItem ChargeItemDefinition Citation
    Claim ClaimResponse ClinicalImpression ClinicalUseDefinition CodeSystem Communication
    CommunicationRequest CompartmentDefinition Composition ConceptMap ConditionDefinition Consent
    Contract Coverage CoverageEligibilityRequest CoverageEligibilityResponse DataElement
    DetectedIssue Device DeviceAssociation DeviceComponent DeviceDefinition DeviceDispense
    DeviceMetric DeviceRequest DeviceUsage DeviceUseStatement DocumentManifest DocumentReference
    EffectEvidenceSynthesis EligibilityRequest EligibilityResponse Encounter EncounterHistory
    Endpoint EnrollmentRequest EnrollmentResponse EpisodeOfCare EventDefinition Evidence
    EvidenceReport EvidenceVariable ExampleScenario ExpansionProfile ExplanationOfBenefit
    FamilyMemberHistory FormularyItem GenomicStudy Goal GraphDefinition Group GuidanceResponse
    HealthcareService ImagingManifest ImagingSelection ImagingStudy Immunization
    ImmunizationEvaluation ImmunizationRecommendation ImplementationGuide Ingredient InsurancePlan
    InventoryItem InventoryReport Invoice Library Linkage List Location ManufacturedItemDefinition
    Measure MeasureReport Media MedicationDispense MedicationKnowledge MedicinalProduct
    MedicinalProductAuthorization MedicinalProductContraindication MedicinalProductDefinition
    MedicinalProductIndication MedicinalProductIngredient MedicinalProductInteraction
    MedicinalProductManufactured MedicinalProductPackaged MedicinalProductPharmaceutical
    MedicinalProductUndesirableEffect MessageDefinition MessageHeader MolecularSequence
    NamingSystem NutritionIntake NutritionOrder NutritionProduct ObservationDefinition
    OperationDefinition OperationOutcome Organization OrganizationAffiliation
    PackagedProductDefinition Parameters PaymentNotice PaymentReconciliation Permission Person
    PlanDefinition Practitioner PractitionerRole Procedure ProcedureRequest ProcessRequest
    ProcessResponse Provenance Questionnaire QuestionnaireResponse ReferralRequest
    RegulatedAuthorization RelatedPerson RequestGroup RequestOrchestration Requirements
    ResearchDefinition ResearchElementDefinition ResearchStudy ResearchSubject RiskAssessment
    RiskEvidenceSynthesis Schedule SearchParameter Sequence ServiceDefinition ServiceRequest Slot
    SpecimenDefinition StructureDefinition StructureMap Subscription SubscriptionStatus
    SubscriptionTopic Substance SubstanceDefinition SubstanceNucleicAcid SubstancePolymer
    SubstanceProtein SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification
    SupplyDelivery SupplyRequest Task TerminologyCapabilities TestPlan TestReport TestScript
    Transport ValueSet VerificationResult VisionPrescription
"""

KNOWN = READ | frozenset(_OTHERS.split())
